// Accuracy by the share that is removed or kept: retrained networks and below them, dashed, the leak, both with their
// intervals; or the explained network. Controls in grey.

import { dot, level, line, openDot, risingAxis, tick } from "../../components/kit/chart.js";
import { percent } from "../../components/kit/numbers.js";
import { QUARTERS, endLabels, intervalBand, shareAndInterval } from "../../components/kit/side_by_side.js";
import { chanceOf } from "../data_words.js";

export const ROAR_SIZES = { height: 300, edges: { left: 44, right: 30, top: 10, bottom: 40 }, narrowest: 260 };
export const PROBED = { blur: "blurred", dilate: "dilated" };
export const SHARE_WORDS = { roar: "removed", kar: "kept" };

export const studyCell = ({ method, form, fraction, probe }) => `${method} ${form} ${fraction}${probe ? ` ${probe}` : ""}`;

// Whether an accuracy of the study, or of one method, still waits for its leak: there is no verdict before.
export const leaksOpen = ({ data, accuracies }, method) => data.leak && [...accuracies.values()].some((each) => each.fraction && !each.leak && !each.probe && (!method || each.method === method));

// Of a study, the cells of a method's own maps in a form, the smallest share first. Nothing removed and all kept are the
// whole picture.
function cellsOf({ accuracies }, method, form) {
  const whole = accuracies.get(studyCell({ method: "random", form: "roar", fraction: 0 }));
  const own = [...accuracies.values()].filter((each) => each.method === method && each.form === form && each.fraction && !each.probe);
  const ends = whole && own.length ? [{ ...whole, fraction: form === "roar" ? 0 : 1, leak: null }] : [];
  return [...ends, ...own].sort((one, other) => one.fraction - other.fraction);
}

export function studyCurves(state, by, title, colours) {
  const { data, form } = state;
  const curves = data.methods.filter(({ name, control }) => control || colours.has(name))
    .map(({ name, label, control }) => ({ name, label, control, stroke: control ? "currentColor" : colours.get(name), ...pointsOf(cellsOf(state, name, form), by) }))
    .filter(({ points }) => points.length);
  const loud = curves.filter(({ control }) => !control), grey = curves.filter(({ control }) => control);
  return {
    words: studyInWords(title, curves, form), x: [0, 1], y: [0, 1],
    layers: (to) => [
      ...risingAxis(to, percent),
      ...QUARTERS.map((share) => tick(percent(share), to.x(share), to.foot + 17)),
      tick(`${data.unit}s ${SHARE_WORDS[form]}`, (to.left + to.right) / 2, to.height - 5),
      level(to, chanceOf(state), "least"), tick("chance", to.left + 4, to.y(chanceOf(state)) - 5, "start"),
      ...loud.flatMap(({ leaks, stroke }) => leakBand(to, leaks, stroke)),
      ...loud.flatMap(({ points, told, stroke }) => intervalBand(to, points.map(([share], at) => [share, told[at].low, told[at].high]), stroke)),
      ...[...grey, ...loud].map(({ points, name, control, stroke }) => line(to, points, { class: control ? "line control" : "line", stroke, "data-method": name })),
      ...[...grey.filter(({ name }) => name === "random"), ...loud].filter(({ leaks }) => leaks.length).map(({ leaks, name, control, stroke }) => line(to, leaks, { class: control ? "line control dashed" : "line dashed", stroke, "data-leak": name })),
      ...loud.flatMap(({ points, label, stroke, told }) => points.map(([share, mean], at) => dot(to, share, mean, stroke, `${label}, ${percent(share)} ${SHARE_WORDS[form]}: ${shareAndInterval(told[at])}`))),
      ...loud.flatMap(({ leaks, label, stroke }) => leaks.map(([share, mean]) => openDot(to, share, mean, stroke, `${label}, ${percent(share)} ${SHARE_WORDS[form]}: leak ${percent(mean)}`))),
      ...controlEnds(to, grey, form),
    ],
  };
}

// What a curve goes through, and of the retrained networks the leak, where it is known.
function pointsOf(cells, by) {
  const told = cells.map((cell) => cell[by].over_pictures);
  const leaks = by === "retrained" ? cells.filter(({ leak }) => leak).map(({ fraction, leak }) => [fraction, leak.over_pictures.mean, leak.over_pictures.low, leak.over_pictures.high]) : [];
  return { told, leaks, points: cells.map(({ fraction }, at) => [fraction, told[at].mean]) };
}

// Below the accuracies and fainter than their bands.
function leakBand(to, leaks, stroke) {
  const made = leaks.length ? intervalBand(to, leaks.map(([share, , low, high]) => [share, low, high]), stroke) : [];
  for (const each of made) each.classList.add("faint");
  return made;
}

// Where most is gone.
const controlEnds = (to, curves, form) => endLabels(to, curves.map(({ label, points }) => ({ label, end: points.at(form === "roar" ? -1 : 0) })), form === "roar");

const studyInWords = (title, curves, form) => `${title}, by share ${SHARE_WORDS[form]}. ${curves.map(({ label, points, leaks }) => `${label}: ${points.map(([share, mean]) => `${percent(mean)} at ${percent(share)}`).join(", ")}${leaks.length ? `; leak ${leaks.map(([share, mean]) => `${percent(mean)} at ${percent(share)}`).join(", ")}` : ""}`).join(". ")}.`;
