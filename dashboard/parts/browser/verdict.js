// What a fidelity says, in a few words and a sign beside them.

const VERDICTS = {
  finds: ["▲", "better than every control"],
  edge: ["–", "not surely better than a control"],
  random: ["–", "like a random order"],
  control: ["", "looks at no model"],
  worse: ["▼", "worse than a random order"],
};

// Where every order of pixels gives one curve, a score of 0 says nothing about the map.
const isFlat = ({ value, spread }) => Math.abs(value) < 0.005 && spread < 0.005;
const FLAT = "every order gives one curve";
const FLAT_EXPLAINED = "Every order of pixels gives the same curve here: the answer is gone, or unchanged, after the first step, so F can't tell these maps apart. Try more steps, another imputer or the relative logit.";

const verdictWords = (fidelity) => (isFlat(fidelity) && fidelity.verdict !== "control" ? FLAT : VERDICTS[fidelity.verdict]?.[1] ?? fidelity.verdict);
const verdictSign = (fidelity) => VERDICTS[fidelity.verdict]?.[0] ?? "";
const scored = (fidelity) => `${fixed(fidelity.value)} ± ${fixed(fidelity.spread)}`;
