// Scores with their intervals: a row a method, the best on top, and a colour a network.

import { fixedChart, level, scale, tick, upright } from "../../components/kit/chart.js";
import { drawn } from "../../components/kit/dom.js";
import { between, fixed } from "../../components/kit/numbers.js";

const PATCH_AXIS = { right: 24, top: 8, foot: 38, width: 760 };
const NARROW = 560, ROOM_FOR_NAMES = { wide: 200, narrow: 136 };
const LINE = 22, APART = 8;
const QUARTER = 0.25;

// As wide as its place, where that is narrower than a drawing that is easily read.
export function patchChart({ data }, rows, networks, room) {
  const { right, top, foot } = PATCH_AXIS, width = Math.min(PATCH_AXIS.width, room || PATCH_AXIS.width);
  const left = ROOM_FOR_NAMES[width < NARROW ? "narrow" : "wide"], step = LINE + APART * (networks.length - 1);
  const end = top + step * rows.length, ends = rows.flatMap(({ scores }) => scores.filter(Boolean)).map(({ score: { over_pictures: { mean, low } } }) => low ?? mean);
  const lowest = Math.floor(Math.min(-QUARTER, ...ends) / QUARTER) * QUARTER;
  const to = { x: scale(lowest, 1, left, width - right), y: (down) => down };
  const marks = Array.from({ length: Math.round((1 - lowest) / QUARTER) + 1 }, (_, at) => lowest + at * QUARTER);
  return fixedChart(patchChartWords(rows, networks), width, end + foot, [
    ...marks.flatMap((mark) => [upright(to, mark, [top, end], { class: mark === 0 ? "zero" : "rule" }), tick(fixed(mark), to.x(mark), end + 16)]),
    tick("rank correlation with the loss", (left + width - right) / 2, end + 33),
    ...rows.flatMap(({ method, scores }, at) => {
      const middle = top + step * (at + 0.5);
      return [tick(method.label, left - 12, middle + 4, "end", { class: method.control ? "tick" : "tick name" }),
        ...scores.flatMap((score, place) => (score ? scoreMarks(to, middle + APART * (place - (networks.length - 1) / 2), score, networks[place], method) : []))];
    }),
  ], { class: "diagram", "data-networks": data.networks.length });
}

function scoreMarks({ x }, y, { score: { over_pictures: { mean, low, high } } }, { colour, label, name }, { name: method, control }) {
  const bar = low === null ? [] : [level({ left: x(low), right: x(high), y: () => y }, 0, control ? "spread control" : "spread")];
  for (const made of bar) made.style.stroke = colour;
  const words = `${label}: ${fixed(mean)}${low === null ? "" : ` (${between(low, high)})`}`;
  return [...bar, drawn("circle", { class: control ? "score control" : "score", cx: x(mean), cy: y, r: 4, fill: colour, "data-method": method, "data-network": name }, drawn("title", {}, words))];
}

const patchChartWords = (rows, networks) => `Rank correlation by method. ${networks.map(({ label }, place) => `${label}: ${rows.filter(({ scores }) => scores[place]).map(({ method, scores }) => `${method.label} ${fixed(scores[place].score.over_pictures.mean)}`).join(", ")}`).join(". ")}.`;
