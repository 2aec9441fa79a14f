// How each metric ranks the methods: a diagram for one metric, and the mean ranks by all of them as a table.

import { choice, element, field, region, say, selection } from "../../components/kit/dom.js";
import { symbolOf } from "../../components/kit/metric.js";
import { counted, likelihood } from "../../components/kit/numbers.js";
import { rankDiagram } from "../../components/kit/rank_diagram.js";
import { cell, head, methodCell, table } from "../../components/kit/table.js";

export const RANKS_MEAN = "Critical-difference diagram: mean rank of each method over pictures, 1 is the best. A bar joins methods whose ranks do not differ significantly.";
const JOINED = [["holm", "Wilcoxon, Holm"], ["nemenyi", "Nemenyi"]];
const TESTS = {
  holm: "Bars: pairs that Wilcoxon's signed-rank test with Holm's correction does not tell apart.",
  nemenyi: "Bars: mean ranks that are not further apart than the critical difference of Nemenyi's test, which has less power.",
};

export function makeRanks(redraw) {
  const state = { metric: null, test: "holm" };
  const picker = element("span"), drawing = region("Critical-difference diagram"), said = element("p", { class: "muted small" });
  const ranks = region("Mean ranks by each metric");
  const test = choice("Test", JOINED, state.test, (chosen) => { state.test = chosen; redraw(); });
  const place = element("div", {}, element("div", { class: "bar" }, field("Metric", picker), field("Test", test)), drawing, said, ranks);

  function begin(metrics) {
    const judging = [...metrics.values()].filter(({ direction }) => direction !== "none");
    if (!judging.some(({ name }) => name === state.metric)) state.metric = judging[0]?.name;
    picker.replaceChildren(selection("Metric of the diagram", judging.map((metric) => [metric.name, symbolOf(metric)]), state.metric, (metric) => { state.metric = metric; redraw(); }));
  }

  function show(diagrams, metrics, methods) {
    const labels = new Map(methods.map(({ name, label, control }) => [name, control ? `${label} (control)` : label]));
    const label = (name) => labels.get(name) ?? name;
    const diagram = diagrams.get(state.metric);
    if (diagram) {
      const listed = Object.entries(diagram.ranks).map(([method, rank]) => ({ method, rank }));
      drawing.replaceChildren(rankDiagram({ ranks: listed, groups: diagram[state.test], difference: state.test === "nemenyi" ? diagram.difference : null }, label));
      const even = diagram.friedman === null ? "" : ` Friedman's test that all methods are equal: p ${diagram.friedman < 0.01 ? "" : "= "}${likelihood(diagram.friedman)}.`;
      say(said, `Over ${counted(diagram.n, "picture")} with every score. ${TESTS[state.test]}${even}`);
    } else {
      drawing.replaceChildren();
      say(said, "No picture has a score in this metric for every method.");
    }
    ranks.replaceChildren(ranksTable(diagrams, metrics, methods));
  }

  return { place, begin, show };
}

// The best of ranks that differ.
const bestWhereTheyDiffer = (ranks) => (Math.min(...ranks) < Math.max(...ranks) ? Math.min(...ranks) : null);

// The best rank of a metric, controls left out, is marked.
function ranksTable(diagrams, metrics, methods) {
  const known = [...metrics.values()].filter(({ name }) => diagrams.has(name));
  const best = new Map(known.map(({ name }) => [name, bestWhereTheyDiffer(methods.filter(({ control }) => !control).map((method) => diagrams.get(name).ranks[method.name]).filter(Boolean))]));
  return table({
    kind: "ranks", caption: "Mean rank of each method by each metric, 1 is the best", captionKind: "caption",
    heads: ["Method", ...known.map((metric) => head(symbolOf(metric), { class: "wrapped" }))],
    rows: methods.filter(({ name }) => known.some((metric) => name in diagrams.get(metric.name).ranks)).map((method) => [{ "data-standing": method.control ? "control" : undefined }, methodCell(method, method.name),
      ...known.map(({ name }) => { const rank = diagrams.get(name).ranks[method.name]; return rank === undefined ? "–" : cell(rank.toFixed(1), { class: !method.control && rank === best.get(name) ? "best" : undefined }); })]),
  });
}
