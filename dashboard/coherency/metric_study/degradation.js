// A good map is shuffled step by step: a curve a metric, and whether its score gets worse.

import { dot, line, risingAxis, tick } from "../../components/kit/chart.js";
import { element, sign } from "../../components/kit/dom.js";
import { symbolOf } from "../../components/kit/metric.js";
import { digitsFor, fixed, percent } from "../../components/kit/numbers.js";
import { chartsSideBySide, intervalBand } from "../../components/kit/side_by_side.js";

export const DEGRADATION_MEANS = "The method that most metrics prefer on a picture has its map shuffled among its own pixels, a quarter more at each step. It keeps its values, so its sparsity stays. The score of a working metric gets worse.";
const FALLS = {
  falls: ["▲", "gets worse, as it should"],
  rises: ["▼", "improves at some step"],
  unclear: ["–", "no significant change"],
};
const STEP_SIZES = { height: 150, edges: { left: 46, right: 12, top: 8, bottom: 36 }, narrowest: 180 };

export function makeDegradation() {
  const place = element("div", { class: "shuffled" });
  let charts = null, flags = new Map();

  function begin(metrics) {
    const judging = [...metrics.values()].filter(({ direction }) => direction !== "none");
    const made = chartsSideBySide(Object.fromEntries(judging.map((metric) => [metric.name, symbolOf(metric)])), STEP_SIZES);
    flags = new Map(judging.map(({ name }) => [name, element("span", { class: "flag small" })]));
    charts = made.charts;
    judging.forEach(({ name }, at) => made.place.children[at].querySelector("figcaption").append(flags.get(name)));
    place.replaceChildren(made.place);
  }

  function show(rows, metrics) {
    for (const row of rows) {
      const [mark, words] = FALLS[row.fall];
      flags.get(row.metric)?.replaceChildren(sign(mark), words);
      const known = row.means.every(({ mean }) => mean !== null);
      if (known) charts[row.metric]?.draw(shufflePicture(row, metrics.get(row.metric), words));
    }
  }

  return { place, begin, show };
}

function shufflePicture({ levels, means }, metric, flag) {
  const points = levels.map((level, at) => ({ level, ...means[at] }));
  const ends = means.flatMap(({ mean, low, high }) => [low ?? mean, high ?? mean]);
  const room = Math.max(...ends) > Math.min(...ends) ? 0 : 0.5;
  const y = [Math.min(...ends) - room, Math.max(...ends) + room];
  const written = (value) => fixed(value, digitsFor(y));
  return {
    words: `${metric.symbol} by share of shuffled pixels, ${flag}: ${points.map(({ level, mean }) => `${written(mean)} at ${percent(level)}`).join(", ")}.`,
    x: [0, 1], y, inset: 6,
    layers: (to) => [
      ...risingAxis(to, written),
      ...levels.map((level) => tick(percent(level), to.x(level), to.foot + 15, level === 1 ? "end" : "middle")),
      tick("shuffled", (to.left + to.right) / 2, to.height - 4),
      ...intervalBand(to, points.map(({ level, low, high }) => [level, low, high]), "var(--accent)"),
      line(to, points.map(({ level, mean }) => [level, mean]), { stroke: "var(--accent)" }),
      ...points.map(({ level, mean }) => dot(to, level, mean, "var(--accent)", `${percent(level)} shuffled: ${written(mean)}`)),
    ],
  };
}
