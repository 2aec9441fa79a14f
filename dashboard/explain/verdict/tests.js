// What each test says of each map of a run, and where they disagree: passing one is not passing all.

import { isFlat } from "../../components/heatmap_cards/fidelity_verdict.js";
import { counted } from "../../components/kit/numbers.js";

export const FAINT = 0.01;
const LUCK = 0.05;

const IF_PASSED = { fidelity: "finds what the model uses", location: "beats its shifted copies", randomisation: "depends on the model's weights" };
const IF_FAILED = { fidelity: "is not clearly better than a control", location: "is no better than its shifted copies", randomisation: "fails randomisation" };

// For each method, by label: which tests it passed and which not; what is not decided is left out.
export function outcomes(run, tests) {
  const known = new Map();
  const note = (method, test, passed) => {
    const found = run.data.methods.find(({ name, control }) => name === method && !control);
    if (!found || passed === undefined) return;
    if (!known.has(found.label)) known.set(found.label, {});
    known.get(found.label)[test] = passed;
  };
  for (const fidelity of run?.fidelities.values() ?? []) if (fidelity.final && !isFlat(fidelity)) note(fidelity.method, "fidelity", fidelity.verdict === "finds");
  for (const { data, matched, standings } of tests) {
    if (matched?.final) note(data.method, "location", isMore(matched));
    for (const { method, standing, final } of standings.values()) if (final) note(method, "randomisation", { passes: true, fails: false }[standing]);
  }
  return known;
}

// A copy that lies elsewhere does as well in one case of twenty at most.
export const isMore = ({ rank, by_chance: copies }) => rank / (copies.length + 1) <= LUCK;

// A map that finds what the model uses comes first: it is the one that somebody would believe.
export function disagreements(known) {
  const torn = [...known].filter(([, each]) => new Set(Object.values(each)).size === 2).sort(([, one], [, other]) => Number(other.fidelity ?? 0) - Number(one.fidelity ?? 0));
  if (!torn.length) return [];
  const [[label, each]] = torn, tests = Object.keys(each);
  const more = torn.length > 1 ? ` The tests of ${counted(torn.length - 1, "more map")} disagree too.` : "";
  return [`Passing one test is not passing all: ${label} ${IF_PASSED[tests.find((test) => each[test])]}, yet ${IF_FAILED[tests.find((test) => !each[test])]}.${more}`];
}
