// How far each heatmap is from showing the stamp, the nearest first, with what a random map would get.

import { fixedChart } from "../../components/kit/chart.js";
import { drawn, element, folded, region } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { metricHead, scoresExplained, written } from "../../components/kit/metric.js";
import { fixed, percent } from "../../components/kit/numbers.js";
import { cell, methodCell, table } from "../../components/kit/table.js";
import { TAKE_AGREEMENT, beginAgreement, isWhole, makeAgreement, nearestFirst } from "./agreement.js";

const LEAST_USED = 0.1;
const WIDEST = 112;

export default component({
  mount(state) {
    Object.assign(state, makeAgreement());
    state.used = element("figure", { class: "used" });
    state.usedFold = folded("Which pixels of the stamp the model uses", state.used);
    state.agreement = region("Agreement with the stamp");
    state.words = element("div");
    return [state.agreement, element("div", { class: "folds" }, state.usedFold, state.words)];
  },

  begin(state) {
    beginAgreement(state);
    state.words.replaceChildren(scoresExplained([{ title: "Agreement with the stamp", metrics: state.data.metrics }]));
  },

  take: {
    ...TAKE_AGREEMENT,
    CausalReady: (state, message) => state.used.replaceChildren(...usedFigure((state.causal = message))),
  },

  render(state) {
    const { data, scores, causal, usedFold, stale, agreement, spreads } = state;
    usedFold.hidden = !causal;
    agreement.replaceChildren(table({
      caption: isWhole(state) ? "The nearest to the stamp first" : "So far: heatmaps are still coming",
      heads: ["Method", ...data.metrics.map(metricHead)],
      rows: nearestFirst(state).map((method) => [{ "data-method": method.name, class: stale.has(method.name) ? "stale" : undefined }, methodCell(method, method.name),
        ...data.metrics.map((metric) => agreementCell(metric, scores.get(method.name)[metric.name], spreads.get(method.name)?.[metric.name]))]),
      foot: [[{}, "A random map", ...data.metrics.map((metric) => metric.chance)]],
    }));
  },
});

// The stamp, each pixel as strong as what it does; those that the model uses have a frame.
function usedFigure({ drawing, share }) {
  const side = Math.max(4, Math.min(16, Math.floor(WIDEST / drawing[0].length)));
  const squares = drawing.flatMap((values, down) => values.map((value, across) => drawn("rect", {
    class: value > LEAST_USED ? "strong" : "weak", x: across * side + 1, y: down * side + 1, width: side - 2, height: side - 2, "fill-opacity": Math.max(0, value) })));
  const [wide, high] = [drawing[0].length * side, drawing.length * side];
  const picture = fixedChart(`The stamp's pixels; the model uses ${percent(share)} of them`, wide, high, squares);
  return [picture, element("figcaption", { class: "muted small" }, "The effect of each pixel of the stamp on the answer, averaged over many orders of pasting. Framed: the pixels that the model uses, which the causal distance is measured from.")];
}

const agreementCell = (metric, value, spread) => cell([written(metric, value),
  metric.name === "stamp_distance" && spread !== undefined && spread !== null ? element("span", { class: "muted" }, ` ± ${fixed(spread)}`) : ""]);
