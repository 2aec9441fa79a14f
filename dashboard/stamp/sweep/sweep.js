// The stamp distance by size and opacity, a table a method; a cell where the gate is not passed says so instead.

import { extentOf, intervalBar } from "../../components/kit/chart.js";
import { element, region, showLines } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { between, counted, fixed, percent } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { cell, table } from "../../components/kit/table.js";

const UNRELATED_DISTANCE = 2;
const WHAT = "Mean stamp distance with its 95 % interval: 0 shows the stamp and nothing else, 2 is an unrelated map (the thin mark). Where the gate failed there is no ground truth, and so no score.";

export default component({
  mount(state) {
    state.said = element("p", { role: "status" });
    state.tables = element("div", { class: "tables" });
    state.reasons = element("details", { hidden: true });
    return [state.said, element("p", { class: "muted small" }, WHAT), state.tables, state.reasons];
  },

  begin: (state) => Object.assign(state, { points: new Map(), refused: [] }),

  take: {
    SweepPoint: (state, message) => state.points.set(keyOfPoint(message), message),
    MethodRefused: (state, message) => state.refused.push(message),
  },

  render({ data, points, refused, job, said, tables, reasons }) {
    const all = [...points.values()];
    const out = new Set(refused.map(({ method }) => method));
    const rows = all.flatMap(({ distances }) => Object.values(distances)).filter(({ mean }) => mean !== null);
    const unrelated = { mean: UNRELATED_DISTANCE, low: null, high: null };
    const extent = extentOf([...rows, unrelated], unrelated);
    said.textContent = all.length ? sweepWords(data, all, rows) : ended(job) ? "" : "The first cell is on its way.";
    tables.replaceChildren(...data.methods.filter(({ name }) => !out.has(name)).map((method) => sweepTable(method, data, points, extent)));
    showLines(reasons, "No score", [
      ...all.filter(({ gate }) => !gate.passed).map((point) => `${pointWords(point)}: ${point.gate.sentence}`),
      ...refused.map(({ method, reason }) => `${data.labels[method] ?? method}: ${reason}`),
    ]);
  },
});

const keyOfPoint = ({ size, opacity }) => `${size} ${opacity}`;
const pointWords = ({ size, opacity }) => `${size} px, opacity ${percent(opacity)}`;

// The hardest and the easiest cell, so that the direction can be read without the tables.
function sweepWords({ methods, sizes, opacities }, all, rows) {
  const progress = `${all.length} of ${counted(sizes.length * opacities.length, "cell")}`;
  if (!rows.length) return `${progress}; no cell has ground truth so far.`;
  const means = methods.flatMap(({ name, label }) => {
    const known = all.filter(({ distances }) => (distances[name]?.mean ?? null) !== null).sort((one, other) => one.distances[name].mean - other.distances[name].mean);
    if (!known.length) return [];
    const best = known[0], worst = known.at(-1);
    return [best === worst ? `${label} ${fixed(best.distances[name].mean)}` : `${label} from ${fixed(best.distances[name].mean)} (${pointWords(best)}) to ${fixed(worst.distances[name].mean)} (${pointWords(worst)})`];
  });
  return `${progress}. ${means.join("; ")}.`;
}

const sweepTable = ({ name, label }, { sizes, opacities }, points, extent) => region(`Stamp distance of ${label}`, table({
  caption: label, captionKind: "",
  heads: ["Opacity", ...sizes.map((size) => `${size} px`)],
  rows: [...opacities].reverse().map((opacity) => [{}, percent(opacity), ...sizes.map((size) => sweepCell(points.get(keyOfPoint({ size, opacity })), name, extent))]),
}));

function sweepCell(point, method, extent) {
  if (!point) return cell("…", { class: "muted" });
  if (!point.gate.passed) return cell("gate failed", { class: "closed muted", title: point.gate.sentence });
  const row = point.distances[method];
  if (!row || row.mean === null) return cell("–", { class: "muted", title: "Undefined on every picture here." });
  const interval = row.low === null ? "one picture" : between(row.low, row.high);
  return cell([element("span", { class: "mean" }, fixed(row.mean)), intervalBar(row, extent), element("span", { class: "interval muted" }, interval)], { title: `n ${row.n}` });
}
