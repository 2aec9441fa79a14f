// How a fidelity is written, and the sign beside the words of its verdict; and what those of all methods say together.

import { fixed } from "../kit/numbers.js";

const SIGNS = { finds: "▲", edge: "–", random: "–", worse: "▼", flat: "", control: "" };
export const NOTHING = "No heatmap is clearly better than every control.";
const ALL_FLAT = "All orders of pixels give the same curve, so F is undefined.";

export const isFlat = ({ verdict }) => verdict === "flat";
export const verdictSign = ({ verdict }) => SIGNS[verdict];
// Of the methods that have been scored, the one with the highest F; a control leads nothing.
export const bestOf = (methods, fidelities) => methods.filter(({ name, control }) => !control && fidelities.has(name))
  .reduce((one, other) => (one && fidelities.get(one.name).value >= fidelities.get(other.name).value ? one : other), undefined);

export const scored = ({ value, spread }) => (spread === null ? fixed(value) : `${fixed(value)} (chance up to ${fixed(spread)})`);

// Of methods, not of controls: how many find what the model uses, do no better than a control, fail, or cannot be told.
export function tally(fidelities) {
  const count = (...verdicts) => fidelities.filter(({ verdict }) => verdicts.includes(verdict)).length;
  return { found: count("finds"), alike: count("edge", "random"), failed: count("worse"), flats: count("flat") };
}

// The verdict over all methods, whose scores come from the highest on.
export function overall(fidelities, labelOf) {
  if (fidelities.every(isFlat)) return ALL_FLAT;
  const found = fidelities.find(({ verdict }) => verdict === "finds");
  return found ? `${labelOf(found.method)} finds what the model uses, better than controls.` : NOTHING;
}
