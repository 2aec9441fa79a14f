// Accuracy as more and more of a picture is removed: a line a method and order, grey ones for controls, a band for the
// interval over pictures.

import { dot, level, line, risingAxis, tick } from "../../components/kit/chart.js";
import { percent } from "../../components/kit/numbers.js";
import { QUARTERS, endLabels, intervalBand, shareAndInterval } from "../../components/kit/side_by_side.js";
import { chanceOf } from "../data_words.js";

const GREY = ["random", "centre", "sobel"];
export const REMOVAL_ORDERS = { mif: "most important first", lif: "least important first" };
export const REMOVAL_SIZES = { height: 300, edges: { left: 44, right: 26, top: 10, bottom: 40 }, narrowest: 260 };

export const removalPlace = ({ method, form, fraction }) => `${method} ${form === "roar" ? "mif" : "lif"} ${removedShare(form, fraction).toFixed(4)}`;

// Keeping the most important 30 % is removing the least important 70 % first.
const removedShare = (form, fraction) => (form === "roar" ? fraction : 1 - fraction);

// The points of a method in one order, from the whole picture on; `by` says by which networks.
export function removalPoints({ accuracies, ready }, method, order, by) {
  const own = [...accuracies.values()].filter((each) => each.method === method && (each.form === "roar") === (order === "mif"));
  const points = own.map(({ form, fraction, ...each }) => ({ removed: removedShare(form, fraction), ...each[by].over_pictures }));
  const whole = ready && own.length ? [{ removed: 0, ...ready[by].over_pictures }] : [];
  return [...whole, ...points].sort((one, other) => one.removed - other.removed);
}

export function removalCurves(state, by, title, colours) {
  const { data } = state;
  const greys = data.methods.filter(({ name }) => GREY.includes(name)).map(({ name, label }) => ({ name, label, order: "mif", kind: "line control", stroke: "currentColor" }));
  const loud = data.methods.filter(({ name }) => colours.has(name)).flatMap(({ name, label }) => Object.keys(REMOVAL_ORDERS).map((order) => ({ name, label, order, kind: order === "lif" ? "line dashed" : "line", stroke: colours.get(name) })));
  const curves = [...greys, ...loud].map((curve) => ({ ...curve, points: removalPoints(state, curve.name, curve.order, by) })).filter(({ points }) => points.length);
  return {
    words: removalInWords(title, curves), x: [0, 1], y: [0, 1],
    layers: (to) => [
      ...risingAxis(to, percent),
      ...QUARTERS.map((share) => tick(percent(share), to.x(share), to.foot + 17)),
      tick(`${data.unit}s removed`, (to.left + to.right) / 2, to.height - 5),
      level(to, chanceOf(state), "least"), tick("chance", to.left + 4, to.y(chanceOf(state)) - 5, "start"),
      ...curves.filter(({ kind, name }) => kind !== "line control" || name === "random").flatMap(({ points, stroke }) => intervalBand(to, points.map(({ removed, low, high }) => [removed, low, high]), stroke)),
      ...curves.map(({ points, kind, stroke, name, order }) => line(to, points.map(({ removed, mean }) => [removed, mean]), { class: kind, stroke, "data-method": name, "data-order": order })),
      ...curves.filter(({ kind }) => kind !== "line control").flatMap(({ points, stroke, label, order }) => points.slice(1).map((point) => dot(to, point.removed, point.mean, stroke, `${label}, ${REMOVAL_ORDERS[order]}, ${percent(point.removed)} removed: ${shareAndInterval(point)}`))),
      ...endLabels(to, curves.filter(({ kind }) => kind === "line control").map(({ label, points }) => ({ label, end: [points.at(-1).removed, points.at(-1).mean] }))),
    ],
  };
}

const removalInWords = (title, curves) => `${title}, by share removed. ${curves.map(({ label, order, points }) => `${label}, ${REMOVAL_ORDERS[order]}: ${points.map(({ removed, mean }) => `${percent(mean)} at ${percent(removed)}`).join(", ")}`).join(". ")}.`;
