// Every drawing of numbers: axes with round marks, lines, bands, intervals; and the interval beside a number in a table.

import { drawn, element } from "./dom.js";

export const scale = (low, high, from, to) => (value) => from + ((value - low) / (high - low || 1)) * (to - from);

// A drawing as wide as its place, made anew when that changes. A picture of it has words for those who do not see it,
// the ends of both axes, and `layers`, which says what is drawn where. Words below an axis, in whatever letters they are
// set, make it taller.
export function makeChart({ height, edges, narrowest, toCome }) {
  const place = drawn("svg", { class: "plot", height, role: "img", "aria-label": toCome });
  let shown = null;
  const draw = (picture) => {
    shown = picture;
    const width = Math.max(narrowest, place.clientWidth || 600);
    const to = { left: edges.left, right: width - edges.right, top: edges.top, foot: height - edges.bottom, height };
    place.setAttribute("aria-label", picture.words);
    const x = scale(...picture.x, to.left + (picture.inset ?? 0), to.right), y = scale(...picture.y, to.foot, to.top);
    place.replaceChildren(...picture.layers({ ...to, x, y, ends: picture.y }));
    const drawnTo = place.getBBox(), tall = Math.max(height, Math.ceil(drawnTo.y + drawnTo.height));
    place.setAttribute("height", tall);
    place.setAttribute("viewBox", `0 0 ${width} ${tall}`);
  };
  new ResizeObserver(() => shown && draw(shown)).observe(place);
  return { place, draw };
}

// A drawing of that size wherever it stands.
export const fixedChart = (words, width, height, layers, attributes) =>
  drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words, ...attributes }, ...layers);

export const tick = (words, x, y, anchor = "middle", more = {}) => drawn("text", { class: "tick", x, y, "text-anchor": anchor, ...more }, words);

export const level = ({ left, right, y }, value, kind = "rule", ...inside) => drawn("line", { class: kind, x1: left, x2: right, y1: y(value), y2: y(value) }, ...inside);

export const upright = ({ x, y }, place, [low, high], attributes) => drawn("line", { x1: x(place), x2: x(place), y1: y(low), y2: y(high), ...attributes });

// Rules across, each with its number.
export const risingAxis = (to, write) => roundNumbers(...to.ends).flatMap((value) => [
  level(to, value, value === 0 ? "rule nought" : "rule"), tick(write(value), to.left - 7, to.y(value) + 4, "end"),
]);

// A handful of round numbers.
export function roundNumbers(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) * power;
  const numbers = [];
  for (let count = Math.ceil(low / step - 1e-9); count * step <= high + 1e-9; count++) numbers.push(Number((count * step).toPrecision(6)));
  return numbers;
}

const through = ({ x, y }, points) => points.map(([across, up]) => `${x(across).toFixed(1)},${y(up).toFixed(1)}`);

// Points are [across, up].
export const line = (to, points, attributes) => drawn("polyline", { class: "line", points: through(to, points).join(" "), ...attributes });

// Points are [across, low, high].
export function band(to, points) {
  const around = [...points.map(([across, low]) => [across, low]), ...points.map(([across, , high]) => [across, high]).reverse()];
  return drawn("polygon", { class: "band", points: through(to, around).join(" ") });
}

export const dot = ({ x, y }, across, up, fill, title) => drawn("circle", { class: "mark", cx: x(across), cy: y(up), r: 3.5, fill }, ...(title ? [drawn("title", {}, title)] : []));

// For what is not the result itself.
export function openDot(to, across, up, stroke, title) {
  const made = dot(to, across, up, "none", title);
  Object.assign(made.style, { fill: "var(--st-background-color)", stroke });
  return made;
}

// The theme's colours for things of a kind.
export const palette = (root) => getComputedStyle(root).getPropertyValue("--st-chart-categorical-colors").split(",").map((colour) => colour.trim());

// What the intervals beside the numbers of a column share: from where to where they go, and where chance is.
export function extentOf(rows, random) {
  const ends = rows.flatMap(({ mean, low, high }) => [mean, low, high]).filter((value) => value !== null);
  return { low: Math.min(...ends), high: Math.max(...ends), random: random?.mean ?? null };
}

// A mean on the line that all of its kind share: the interval as a bar, and a thin mark where chance is. `shade` lies below.
export function intervalBar({ mean, low, high }, extent, shade) {
  const at = scale(extent.low, extent.high, 0, 100);
  const part = (kind, from, to, title) => {
    const made = element("span", { class: kind, title });
    made.style.left = `${at(from)}%`;
    if (to !== undefined) made.style.width = `${at(to) - at(from)}%`;
    return made;
  };
  return element("span", { class: "extent", "aria-hidden": "true" },
    shade ? part("shade", ...shade) : null,
    extent.random === null ? null : part("chance", extent.random),
    low === null ? null : part("reach", low, high),
    part("dot", mean));
}
