// What a fidelity says, in a few words and a sign beside them.

const VERDICTS = {
  finds: ["▲", "better than every control"],
  edge: ["–", "not surely better than a control"],
  random: ["–", "like a random order"],
  control: ["", "looks at no model"],
  worse: ["▼", "worse than a random order"],
};

const verdictWords = (fidelity) => VERDICTS[fidelity.verdict]?.[1] ?? fidelity.verdict;
const verdictSign = (fidelity) => VERDICTS[fidelity.verdict]?.[0] ?? "";
const scored = (fidelity) => `${fixed(fidelity.value)} ± ${fixed(fidelity.spread)}`;
