// Similarity to the trained network's map, stage by stage: a line a method, and as a band what unrelated maps score.

import { band, dot, level, line, makeChart, risingAxis, tick, upright } from "../../../components/kit/chart.js";
import { drawn } from "../../../components/kit/dom.js";
import { between, fixed, short } from "../../../components/kit/numbers.js";
import { head, table } from "../../../components/kit/table.js";
import { shareWords, stageWords } from "../../stages.js";

const LONGEST = 16; // letters of a layer's name on the axis
// Drawn again for every network, they show what unrelated maps score.
export const UNRELATED = ["random", "blurred_random"];

export const makeSimilarityPlot = () => makeChart({ height: 300, edges: { left: 40, right: 12, top: 22, bottom: 92 }, narrowest: 300, toCome: "Similarities to come" });

// `lines` are [{ name, points: [{ stage, value, low, high }] }]; those that have a colour are drawn strongly.
export function similarityPicture({ stages, mode, lines, colours, similarity, half, words }) {
  const ends = lines.flatMap(({ points }) => points.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]));
  // Where layers go one after the other, the trained network stands at the left: there every map is itself.
  const alone = mode === "independent", first = alone ? 1 : 0;
  const real = lines.filter(({ name }) => !UNRELATED.includes(name));
  const strong = ({ name }) => colours.has(name);
  return {
    words, x: [first, Math.max(first + 1, stages.length)], inset: 8, y: [Math.min(0, ...ends), Math.max(1, ...ends)],
    layers: (to) => [
      ...risingAxis(to, short),
      ...(alone || !stages.length ? [] : [slantedTick(to, 0, "trained", "The trained network: every map is compared with itself, and no mean counts it")]),
      ...stages.map(({ number, title, share }) => slantedTick(to, number, `${cutTitle(title)} · ${shareWords(share)}`, `${title}: ${shareWords(share)} of the parameters are random`)),
      tick(`${similarity} with the trained network's map`, to.right, 10, "end"),
      ...(half === null ? [] : [level(to, half, "rule half", drawn("title", {}, "Threshold of the verdict"))]),
      ...unrelatedBand(to, stages, lines.filter(({ name }) => UNRELATED.includes(name))),
      ...real.filter((each) => !strong(each)).map(({ name, points }) => similarityLine(to, name, points, "quiet", "currentColor")),
      ...real.filter(strong).flatMap((each) => strongLine(to, each, alone, colours.get(each.name))),
    ],
  };
}

function slantedTick(to, stage, words, whole) {
  const x = to.x(stage), y = to.foot + 16, made = tick(words, x, y, "end", { transform: `rotate(-38 ${x} ${y})` });
  made.append(drawn("title", {}, whole));
  return made;
}

const cutTitle = (title) => (title.length > LONGEST ? `${title.slice(0, LONGEST - 1)}…` : title);

function strongLine(to, { name, points }, alone, stroke) {
  const uncertain = points.filter(({ low, high }) => low !== null && high > low);
  return [
    ...(alone ? [] : [line(to, [[0, 1], [points[0].stage, points[0].value]], { class: "line lead", stroke })]),
    ...uncertain.map(({ stage, low, high }) => upright(to, stage, [low, high], { class: "spread", stroke })),
    similarityLine(to, name, points, "loud", stroke),
    ...points.map(({ stage, value, low, high }) => dot(to, stage, value, stroke, `${fixed(value)}${low === null ? "" : ` (${between(low, high)})`}`)),
  ];
}

const similarityLine = (to, name, points, emphasis, stroke) => line(to, points.map(({ stage, value }) => [stage, value]), { class: `line ${emphasis}`, stroke, "data-method": name });

function unrelatedBand(to, stages, lines) {
  const around = stages.flatMap(({ number }) => {
    const here = lines.flatMap(({ points }) => points.filter(({ stage }) => stage === number));
    return here.length ? [[number, Math.min(...here.map(({ low, value }) => low ?? value)), Math.max(...here.map(({ high, value }) => high ?? value))]] : [];
  });
  return around.length ? [band(to, around)] : [];
}

// The same as numbers.
export const similarityTable = ({ stages, mode }, lines, labelOf) => table({
  caption: "Similarities as numbers",
  heads: ["Stage", ...lines.map(({ name }) => labelOf(name))],
  rows: stages.map((stage) => [{}, head(`${stage.number}. ${stageWords(stage, mode)}`, { scope: "row", class: "stage" }),
    ...lines.map(({ points }) => similarityNumber(points.find((point) => point.stage === stage.number)))]),
});

function similarityNumber(point) {
  if (!point) return "–";
  return point.low !== null && point.high > point.low ? `${fixed(point.value)} (${between(point.low, point.high)})` : fixed(point.value);
}
