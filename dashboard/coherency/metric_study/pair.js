// Two metrics: every picture by both, for one method or for all, and the two pictures that they disagree on most.

import { dot, level, makeChart, roundNumbers, tick, upright } from "../../components/kit/chart.js";
import { drawn, element, field, photo, say, selection } from "../../components/kit/dom.js";
import { measured } from "../../components/kit/heatmap.js";
import { paintAsItIs } from "../../components/kit/map_view.js";
import { symbolOf } from "../../components/kit/metric.js";
import { digitsFor, fixed } from "../../components/kit/numbers.js";
import { methodLabel } from "../../components/kit/table.js";
import { correlationWords } from "./matrix.js";

const PAIR_SIZES = { height: 300, edges: { left: 56, right: 16, top: 12, bottom: 42 }, narrowest: 240, toCome: "Scatter of two metrics, to come" };
const COEFFICIENTS = { spearman: "Spearman's", "point-biserial": "Point-biserial", phi: "Phi" };
const EVERY = "";

export function makeScatter(redraw) {
  const state = { method: EVERY };
  const title = element("h3"), said = element("p", { class: "small", role: "status" });
  const picker = element("span");
  const chart = makeChart(PAIR_SIZES);
  const opposed = element("div", { class: "opposed" });
  const place = element("div", { class: "pair", hidden: true },
    element("div", { class: "bar" }, title, field("Method", picker)), said, element("div", { class: "behind" }, chart.place, opposed));

  function begin(methods) {
    state.method = EVERY;
    state.shownAs = "";
    place.hidden = true;
    const real = methods.filter(({ control }) => !control);
    const options = [[EVERY, "All methods"], ...real.map(({ name, label }) => [name, label])];
    picker.replaceChildren(selection("Method of the scatter", options, EVERY, (method) => { state.method = method; redraw(); }));
  }

  // `raw` is the pair's correlation of raw scores, `pictures` what is known of each picture, by name.
  function show({ metrics, methods, colours, pictures, raw, most }) {
    if (!raw) return;
    place.hidden = false;
    const [first, second] = [raw.first, raw.second].map((name) => metrics.get(name));
    const shown = methods.filter(({ name, control }) => !control && (state.method === EVERY || name === state.method)).map(({ name }) => name);
    const numbers = raw.methods[state.method] ?? [null, null, null, 0];
    const names = numbers.slice(4);
    say(title, `${symbolOf(first)} against ${symbolOf(second)}`);
    const of = state.method === EVERY ? "mean over methods" : methodLabel(methods, state.method);
    say(said, `${COEFFICIENTS[raw.coefficient]} correlation of the raw scores, ${of}: ${correlationWords(numbers)}. Each dot: a picture by one method, in the colour beside the method's name. 1 and 2: the pictures that the two metrics disagree on most.`);
    const points = [...pictures.values()].flatMap((picture) => shown.map((name) => ({ picture, name, x: picture.score(name, first.name), y: picture.score(name, second.name) })))
      .filter(({ x, y }) => x !== null && y !== null);
    if (points.length) chart.draw(scatter({ points, first, second, names, methods, colours }));
    const shownAs = JSON.stringify([raw.first, raw.second, state.method, names, pictures.size]);
    if (state.shownAs === shownAs) return;
    state.shownAs = shownAs;
    opposed.replaceChildren(...names.map((name, at) => (pictures.has(name) ? opposedFigure(pictures.get(name), at, at ? [second, first] : [first, second], shown, methods, colours) : element("p", {}, `${at + 1} ${name}: only the first ${most} pictures are kept to look at.`))));
  }

  return { place, begin, show };
}

// Ends with a little room, so that no point lies on an axis.
function roomyEnds(values) {
  const low = Math.min(...values), high = Math.max(...values), room = 0.04 * (high - low || 1);
  return [low - room, high + room];
}

function scatter({ points, first, second, names, methods, colours }) {
  const across = roomyEnds(points.map(({ x }) => x)), up = roomyEnds(points.map(({ y }) => y));
  const written = (ends) => (value) => fixed(value, digitsFor(ends));
  const words = (point) => `${point.picture.title}, ${methodLabel(methods, point.name)}: ${first.symbol} ${written(across)(point.x)}, ${second.symbol} ${written(up)(point.y)}`;
  return {
    words: `${second.symbol} (upwards) against ${first.symbol} (to the right): ${points.length} scores of pictures by methods.`, x: across, y: up,
    layers: (to) => [
      ...roundNumbers(...up).flatMap((value) => [level(to, value), tick(written(up)(value), to.left - 7, to.y(value) + 4, "end")]),
      ...roundNumbers(...across).flatMap((value) => [upright(to, value, up, { class: "rule" }), tick(written(across)(value), to.x(value), to.foot + 16)]),
      tick(symbolOf(first), to.right, to.height - 6, "end", { class: "tick name" }),
      tick(symbolOf(second), 0, 10, "start", { class: "tick name halo" }),
      ...points.map((point) => dot(to, point.x, point.y, colours.get(point.name), words(point))),
      ...names.flatMap((name, at) => points.filter(({ picture }) => picture.picture === name).flatMap((point) => numbered(to, point, at + 1))),
    ],
  };
}

const numbered = ({ x, y }, point, number) => [
  drawn("circle", { class: "ringed", cx: x(point.x), cy: y(point.y), r: 7.5 }),
  tick(number, x(point.x) + 10, y(point.y) - 5, "start", { class: "tick name halo" }),
];

const meanOf = (values) => {
  const known = values.filter((value) => value !== null);
  return known.length ? fixed(known.reduce((sum, value) => sum + value, 0) / known.length) : "–";
};

// The picture with the maps of the methods that are drawn; it ranks higher by the first metric than by the second.
function opposedFigure(picture, at, [better, worse], shown, methods, colours) {
  const scores = [better, worse].map((metric) => `${metric.symbol} ${meanOf(shown.map((name) => picture.score(name, metric.name)))}`).join(", ");
  return element("figure", { "data-picture": picture.picture },
    element("figcaption", {}, `${at + 1} ${picture.title}`, element("span", { class: "muted small why" }, `Ranks higher by ${better.symbol} than by ${worse.symbol}. ${shown.length > 1 ? "Mean scores" : "Scores"}: ${scores}.`)),
    element("div", { class: "glances" },
      element("span", { class: "glance" }, photo({ src: picture.address, alt: `Picture ${picture.title}` })),
      ...shown.filter((name) => picture.maps[name]).map((name) => glance(picture, name, methodLabel(methods, name), colours.get(name)))));
}

function glance(picture, name, label, colour) {
  const swatch = element("span", { class: "swatch" });
  swatch.style.background = colour;
  const { width, values } = picture.maps[name];
  const canvas = element("canvas", { role: "img", "aria-label": `Heatmap of ${label} for ${picture.title}`, class: "pixels" });
  paintAsItIs(canvas, measured(Float32Array.from(Int8Array.from(atob(values), (letter) => letter.charCodeAt(0))), width));
  return element("span", { class: "glance" }, element("span", { class: "frame" }, photo({ src: picture.address }), canvas), element("span", { class: "small muted" }, swatch, label));
}
