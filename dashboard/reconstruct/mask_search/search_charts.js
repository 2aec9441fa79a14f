// Quality of each method's map against the number of passes, on an axis of equal ratios.

import { dot, line, makeChart, risingAxis, tick } from "../../components/kit/chart.js";
import { element, say } from "../../components/kit/dom.js";
import { fixed } from "../../components/kit/numbers.js";
import { byStamp } from "./search_verdict.js";

const SEARCH_SIZES = { height: 240, edges: { left: 44, right: 16, top: 10, bottom: 40 }, narrowest: 240 };
const QUALITIES = {
  stamp_distance: "Stamp distance, lower is better",
  fidelity: "F, higher is better",
  insertion: "Insertion, higher is better",
};

// A chart for each quality, under its words.
export function makeSearchCharts() {
  const charts = Object.entries(QUALITIES).map(([quality, words]) => {
    const chart = makeChart({ ...SEARCH_SIZES, toCome: `${words}, to come` });
    const note = element("p", { class: "muted small" });
    return { quality, words, chart, note, figure: element("figure", {}, element("figcaption", {}, words), chart.place, note) };
  });

  function show({ data, judged }, colours) {
    for (const { quality, words, chart, note, figure } of charts) {
      figure.hidden = quality === "stamp_distance" && !byStamp(judged, data.stamped);
      if (figure.hidden) continue;
      chart.draw(qualityPicture(data, judged, quality, words, colours));
      say(note, coincide(judged, quality) ? "The same for every method: the lines coincide." : "");
    }
  }

  return { place: element("div", { class: "charts" }, ...charts.map(({ figure }) => figure)), show };
}

// Whether the page shows the same number for every method, whatever the number of passes.
function coincide(judged, quality) {
  const shown = [...judged.values()].map((arms) => new Set([...arms.values()].map((found) => fixed(found[quality]))));
  return shown.length > 0 && shown.every((numbers) => numbers.size === 1) && [...judged.values()].every((arms) => arms.size > 1);
}

function qualityPicture({ arms, stops }, judged, quality, words, colours) {
  const curves = arms.map(({ name, label }) => ({
    name, label, stroke: colours.get(name) ?? "currentColor", loud: colours.has(name),
    points: stops.map((stop) => [stop, judged.get(stop)?.get(name)?.[quality]]).filter(([, value]) => Number.isFinite(value)),
  })).filter(({ points }) => points.length);
  const across = ([stop, value]) => [Math.log(stop), value], loud = curves.filter((curve) => curve.loud);
  return {
    words: `${words}, by passes. ${curves.map(({ label, points }) => `${label}: ${points.map(([stop, value]) => `${fixed(value)} at ${stop}`).join(", ")}`).join(". ")}.`,
    x: [Math.log(stops[0]), Math.log(stops.at(-1))], y: endsOf(curves), inset: 10,
    layers: (to) => [
      ...risingAxis(to, (value) => fixed(value)),
      ...stops.map((stop) => tick(stop.toLocaleString("en"), to.x(Math.log(stop)), to.foot + 17)),
      tick("passes", (to.left + to.right) / 2, to.height - 5),
      ...curves.map(({ name, stroke, points, loud: strong }) => line(to, points.map(across), { class: strong ? "line" : "line quiet", stroke, "data-arm": name })),
      ...loud.flatMap(({ label, stroke, points }) => points.map(([stop, value]) => dot(to, Math.log(stop), value, stroke, `${label}, ${stop.toLocaleString("en")} passes: ${fixed(value)}`))),
    ],
  };
}

// Nought is always shown, so that a small gain does not look large.
function endsOf(curves) {
  const values = curves.flatMap(({ points }) => points.map(([, value]) => value));
  return [Math.min(0, ...values), Math.max(0.5, ...values)];
}
