// A critical-difference diagram: mean ranks over pictures, and bars that join those whose difference is open.

import { dot, fixedChart, level, scale, tick } from "./chart.js";
import { drawn } from "./dom.js";

const ROW = 20;
const AXIS = { left: 220, right: 90, top: 26, width: 620 };

// A row a method, the best on top, its mean rank on the axis; at the right the bars, and below the axis, where ranks
// further apart than one difference differ, that difference.
export function rankDiagram({ ranks, groups, difference = null }, label) {
  const { left, right, width } = AXIS, top = AXIS.top + (difference === null ? 0 : 16), height = top + ROW * ranks.length + 6;
  const x = scale(1, Math.max(2, ranks.length), left, width - right), y = (at) => top + ROW * (at + 0.5);
  const rows = new Map(ranks.map(({ method }, at) => [method, at]));
  const words = ranks.map(({ method, rank }, at) => `${at + 1}. ${label(method)}, mean rank ${rank.toFixed(1)}`).join("; ");
  const together = groups.map((group) => group.map(label).join(", ")).join("; ");
  const bracketAt = (at) => width - right + 50 + 9 * (at % 5);
  return fixedChart(`${words}.${together ? ` No significant difference: ${together}.` : ""}`, width, height, [
    ...ranks.map((_, at) => tick(at + 1, x(at + 1), 12)),
    ...(difference === null ? [] : [
      drawn("line", { class: "bracket", x1: x(1), x2: Math.min(x(1 + difference), width - 4), y1: 28, y2: 28 }),
      tick(`critical difference ${difference.toFixed(1)}`, left - 14, 32, "end"),
    ]),
    ...ranks.flatMap(({ method, rank }, at) => [
      tick(label(method), left - 14, y(at) + 4, "end", { class: "tick name" }),
      level({ left: x(1), right: x(rank), y }, at),
      dot({ x, y }, rank, at, "var(--accent)"),
      tick(rank.toFixed(1), x(rank) + 10, y(at) + 4, "start"),
    ]),
    ...groups.map((group, at) => drawn("line", { class: "bracket", x1: bracketAt(at), x2: bracketAt(at), y1: y(rows.get(group[0])) - 7, y2: y(rows.get(group.at(-1))) + 7 })),
  ], { class: "diagram" });
}
