// The curves: solid where the most important pixels go first, dashed where the least important do, a band for random
// orders.

import { band, dot, line, makeChart, risingAxis, tick, upright } from "../../components/kit/chart.js";
import { percent, short } from "../../components/kit/numbers.js";
import { BY_IMPORTANCE } from "./curve_data.js";

const SHARES = [0, 0.25, 0.5, 0.75, 1];

const PLOT = { tall: 250, low: 140 };
const LOW_SCREEN = 800;

// On a low screen the curves are lower, so that they stand on it with the heatmaps.
export const makeCurvePlot = () => makeChart({ height: innerHeight < LOW_SCREEN ? PLOT.low : PLOT.tall, edges: { left: 44, right: 12, top: 10, bottom: 38 }, narrowest: 260, toCome: "No curves yet" });

export function curvePicture({ curves, methods, colours, fraction, yName, unit, words }) {
  const quiet = methods.filter(({ name }) => !colours.has(name)), loud = methods.filter(({ name }) => colours.has(name));
  return {
    words, x: [0, 1], y: curves.ends(),
    layers: (to) => [
      ...risingAxis(to, short),
      ...SHARES.map((share) => tick(percent(share), to.x(share), to.foot + 16, share === 1 ? "end" : "middle")),
      tick(unit, to.x(0.5), to.height - 4), tick(yName, to.right, to.top + 11, "end"),
      ...randomBand(to, curves.line("", "random")),
      ...quiet.flatMap(({ name }) => twoCurves(to, curves, name, "quiet", "currentColor")),
      ...loud.flatMap(({ name }) => twoCurves(to, curves, name, "loud", colours.get(name))),
      upright(to, fraction, to.ends, { class: "cursor" }),
      ...loud.flatMap(({ name }) => BY_IMPORTANCE.map((order) => curves.at(name, order, fraction)).filter(Boolean)
        .map(({ value }) => dot(to, fraction, value, colours.get(name)))),
    ],
  };
}

function randomBand(to, points) {
  if (points.length < 2) return [];
  return [band(to, points.map(({ fraction, value, low, high }) => [fraction, low ?? value, high ?? value])), line(to, valuesOf(points), { class: "mean" })];
}

const twoCurves = (to, curves, name, emphasis, stroke) => BY_IMPORTANCE.map((order) =>
  line(to, valuesOf(curves.line(name, order)), { class: `line ${emphasis} ${order}`, stroke, "data-method": name, "data-order": order }));

const valuesOf = (points) => points.map(({ fraction, value }) => [fraction, value]);
