// Charts side by side, and what their lines have in common.

import { band, makeChart, tick } from "./chart.js";
import { drawn, element } from "./dom.js";
import { percent } from "./numbers.js";

export const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
const BETWEEN_LABELS = 13;

export const shareAndInterval = ({ mean, low, high }) => (low === null ? percent(mean) : `${percent(mean)} (${Math.round(100 * low)} to ${percent(high)})`);

// A chart for each name, under its words.
export function chartsSideBySide(titles, sizes) {
  const charts = Object.fromEntries(Object.entries(titles).map(([name, words]) => [name, makeChart({ ...sizes, toCome: `${words}, to come` })]));
  const figures = Object.entries(titles).map(([name, words]) => element("figure", {}, element("figcaption", {}, words), charts[name].place));
  return { charts, place: element("div", { class: "charts" }, ...figures) };
}

// A short line of that style, for a key of lines.
export const lineSample = (style, colour) => drawn("svg", { width: 30, height: 8, viewBox: "0 0 30 8", "aria-hidden": "true" }, drawn("line", { class: style, stroke: colour, x1: 1, x2: 29, y1: 4, y2: 4 }));

// The interval of a line, where every point has one; a point is its place, lower and upper end.
export function intervalBand(to, points, colour) {
  if (points.some(([, low]) => low === null)) return [];
  const made = band(to, points);
  made.style.fill = colour;
  return [made];
}

// Words beside the ends of lines, one below the other where lines end close together.
export function endLabels(to, ends, after = true) {
  let lowest = -Infinity;
  return [...ends].sort((one, other) => other.end[1] - one.end[1]).map(({ label, end: [share, mean] }) => {
    lowest = Math.max(to.y(mean) + 4, lowest + BETWEEN_LABELS);
    return tick(label, to.x(share) + (after ? 6 : -6), lowest, after ? "start" : "end", { class: "tick control" });
  });
}
