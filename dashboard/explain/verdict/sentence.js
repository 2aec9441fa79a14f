// The verdict on the methods of one run, or of several, in a sentence.

import { isFlat, overall, tally } from "../../components/heatmap_cards/fidelity_verdict.js";
import { counted, fixed, soFar } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { methodLabel } from "../../components/kit/table.js";
import { FAINT } from "./tests.js";

const FAINTLY = "No verdict: for this model the class is too unlikely.";

export function scoresOf({ data, fidelities }) {
  const real = new Set(data.methods.filter(({ control }) => !control).map(({ name }) => name));
  return [...fidelities.values()].filter(({ method }) => real.has(method)).sort((one, other) => other.value - one.value);
}

export const labelOf = ({ data }, method) => methodLabel(data.methods, method);

export function sentence(run) {
  const scores = scoresOf(run);
  if (!run.job) return "Loading.";
  if (!scores.length) return ended(run.job) ? "No verdict: the run ended before its perturbation test." : "No verdict yet: the perturbation test is not finished.";
  if (faint(run).length) return FAINTLY;
  const words = overall(scores, (method) => labelOf(run, method));
  if (scores.every(({ final }) => final)) return words;
  return tally(scores).found ? `So far: ${words}` : soFar(words);  // a method's name keeps its capital
}

// In how many models some heatmap finds what the model uses; the table says in which. Of a model to which the class is
// too unlikely F says little, so it counts as none; and what was cancelled is not all.
export function sentenceOfSeveral(runs) {
  const judged = runs.map(scoresOf).filter((scores) => scores.length);
  if (!judged.length) return sentence(runs.find(({ job }) => !ended(job)) ?? runs[0]);
  if (judged.flat().every(isFlat)) return overall(judged[0]);
  const found = runs.filter((run) => !faint(run).length && tally(scoresOf(run)).found).length;
  const words = found ? `In ${found} of ${counted(runs.length, "model")}, a heatmap finds what the model uses.` : "In no model is a heatmap clearly better than every control.";
  const sure = runs.every(({ job }) => job?.state === "done") || (judged.length === runs.length && judged.flat().every(({ final }) => final));
  return sure ? words : soFar(words);
}

// Of a class that the model does not see there is nothing to explain.
export const faint = (run) => (run.target && run.data.probability !== null && run.data.probability < FAINT
  ? [`${run.data.title || "The model"} gives ${run.target} less than ${fixed(FAINT)}: F says little about it.`] : []);
