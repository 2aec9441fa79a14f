// Share kept, confidence and energy against the size of the hole: a line a method or a region, a band for the interval
// over pictures.

import { dot, line, risingAxis, tick } from "../../components/kit/chart.js";
import { fixed, percent } from "../../components/kit/numbers.js";
import { intervalBand } from "../../components/kit/side_by_side.js";
import { REGION_WORDS } from "../variations/region_card.js";

export const MEASURES = {
  kept: { title: "Share kept", write: percent, axis: percent, top: 1 },
  confidence: { title: "Confidence", write: fixed, axis: (value) => fixed(value, 1), top: 1 },
  energy: { title: "Energy score", write: fixed, axis: (value) => fixed(value), top: 0.3 },
};
export const KEPT_SIZES = { height: 250, edges: { left: 44, right: 14, top: 10, bottom: 40 }, narrowest: 240 };
export const METHOD_SIZES = { height: 200, edges: { left: 44, right: 14, top: 10, bottom: 40 }, narrowest: 220 };
export const REGION_LINES = {
  salient: { style: "line", colour: 0 },
  random: { style: "line dashed", colour: 1 },
  inverted: { style: "line dotted", colour: 2 },
  unfilled: { style: "line dash-dot", colour: 3 },
};

// The points of a method and region that have the measure, the smallest hole first.
export const keptPoints = ({ rows }, method, region, measure) => rows
  .filter((row) => row.method === method && row.region === region && row[measure].mean !== null)
  .map((row) => ({ share: row.share, ...row[measure] }))
  .sort((one, other) => one.share - other.share);

export const numberAndInterval = (measure, { mean, low, high }) => {
  const { write } = MEASURES[measure];
  return low === null ? write(mean) : `${write(mean)} (${write(low)} to ${write(high)})`;
};

// The salient region of every method, those that are chosen in their colours.
export function methodsPicture({ data, summary }, measure, colours) {
  const curves = data.methods.map(({ name, label }) => ({
    name, label, style: colours.has(name) ? "line" : "line quiet", stroke: colours.get(name) ?? "currentColor",
    loud: colours.has(name), points: keptPoints(summary, name, "salient", measure),
  }));
  return holePicture(`${MEASURES[measure].title} of the hidden region`, curves, measure, data.shares, highestOf(curves, measure));
}

// One method's region beside its three controls; all methods on one scale.
export function regionsPicture({ data, summary }, { name, label }, measure, colours) {
  const ofAll = data.methods.flatMap((method) => Object.keys(REGION_LINES).map((region) => ({ points: keptPoints(summary, method.name, region, measure) })));
  const curves = Object.entries(REGION_LINES).map(([region, { style, colour }]) => ({
    name: region, label: REGION_WORDS[region].title, style, stroke: colours[colour % colours.length], loud: true,
    points: keptPoints(summary, name, region, measure),
  }));
  return holePicture(`${label}: ${MEASURES[measure].title.toLowerCase()}`, curves, measure, data.shares, highestOf(ofAll, measure));
}

const highestOf = (curves, measure) => Math.max(MEASURES[measure].top, ...curves.flatMap(({ points }) => points.map(({ mean, high }) => high ?? mean)));

function holePicture(title, all, measure, shares, highest) {
  const curves = all.filter(({ points }) => points.length), loud = curves.filter((curve) => curve.loud);
  const { axis } = MEASURES[measure];
  return {
    words: holeInWords(title, curves, measure), x: [shares[0], shares.at(-1)], y: [0, highest], inset: 8,
    layers: (to) => [
      ...risingAxis(to, axis),
      ...shares.map((share) => tick(percent(share), to.x(share), to.foot + 17)),
      tick("hidden", (to.left + to.right) / 2, to.height - 5),
      ...loud.flatMap(({ points, stroke }) => intervalBand(to, points.map(({ share, low, high }) => [share, low, high]), stroke)),
      ...curves.map(({ name, points, style, stroke }) => line(to, points.map(({ share, mean }) => [share, mean]), { class: style, stroke, "data-line": name })),
      ...loud.flatMap(({ label, points, stroke }) => points.map((point) => dot(to, point.share, point.mean, stroke, `${label}, ${percent(point.share)} hidden: ${numberAndInterval(measure, point)}`))),
    ],
  };
}

const holeInWords = (title, curves, measure) => `${title}, by share hidden. ${curves.map(({ label, points }) => `${label}: ${points.map(({ share, mean }) => `${MEASURES[measure].write(mean)} at ${percent(share)}`).join(", ")}`).join(". ")}.`;
