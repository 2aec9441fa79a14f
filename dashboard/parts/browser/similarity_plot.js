// Similarity to the trained network's map, stage by stage: a line a method, and as a band what unrelated maps score.

const FRAME = { left: 40, right: 20, top: 22, bottom: 96 };
const PLOT_HEIGHT = 350;
const LONGEST = 16; // letters of a layer's name on the axis
// Drawn anew for every network: they show what maps score that have nothing to do with each other.
const UNRELATED = ["random", "blurred_random"];

function makeSimilarityPlot() {
  const place = drawn("svg", { class: "plot", height: PLOT_HEIGHT, role: "img", "aria-label": "Similarities to come" });
  return { place, draw: (picture) => place.replaceChildren(...similarityLayers(picture, place)) };
}

// `lines` are [{ name, points: [{ stage, value, low, high }] }]; those that have a colour are drawn strongly.
function similarityLayers({ stages, mode, lines, colours, words, half, summary }, place) {
  const width = Math.max(300, place.clientWidth || 600);
  place.setAttribute("viewBox", `0 0 ${width} ${PLOT_HEIGHT}`);
  place.setAttribute("aria-label", summary);
  const ends = lines.flatMap(({ points }) => points.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]));
  const low = Math.min(0, ...ends), high = Math.max(1, ...ends);
  // Where layers go one after the other, the trained network stands at the left: there every map is itself.
  const alone = mode === "independent", first = alone ? 1 : 0;
  const x = (stage) => FRAME.left + 8 + ((stage - first) / Math.max(1, stages.length - first)) * (width - FRAME.left - FRAME.right - 8);
  const y = (value) => FRAME.top + ((high - value) / (high - low)) * (PLOT_HEIGHT - FRAME.top - FRAME.bottom);
  const real = lines.filter(({ name, points }) => points.length && !UNRELATED.includes(name));
  const strong = ({ name }) => colours.has(name);
  return [
    ...similarityAxes(stages, alone, x, y, low, high, width, words),
    ...(half === null ? [] : [drawn("line", { class: "rule half", x1: FRAME.left, x2: width - FRAME.right, y1: y(half), y2: y(half) }, drawn("title", {}, "Where the criterion turns"))]),
    ...bandOfUnrelated(stages, lines.filter(({ name }) => UNRELATED.includes(name)), x, y),
    ...real.filter((line) => !strong(line)).map(({ name, points }) => lineOf(name, points, x, y, "quiet", "currentColor")),
    ...real.filter(strong).flatMap((line) => strongLine(line, alone, x, y, colours.get(line.name))),
  ];
}

function strongLine({ name, points }, alone, x, y, stroke) {
  const reaching = points.filter(({ low, high }) => low !== null && high > low);
  return [
    ...(alone ? [] : [drawn("line", { class: "line lead", stroke, x1: x(0), y1: y(1), x2: x(points[0].stage), y2: y(points[0].value) })]),
    ...reaching.map(({ stage, low, high }) => drawn("line", { class: "spread", stroke, x1: x(stage), x2: x(stage), y1: y(low), y2: y(high) })),
    lineOf(name, points, x, y, "loud", stroke),
    ...points.map(({ stage, value, low, high }) => drawn("circle", { class: "mark", cx: x(stage), cy: y(value), r: 3.5, fill: stroke }, drawn("title", {}, `${fixed(value)}${low === null ? "" : ` (${fixed(low)} to ${fixed(high)})`}`))),
  ];
}

function similarityAxes(stages, alone, x, y, low, high, width, words) {
  const foot = PLOT_HEIGHT - FRAME.bottom;
  const slanted = (stage, told, whole) => drawn("text", { class: "tick", x: x(stage), y: foot + 16, "text-anchor": "end", transform: `rotate(-38 ${x(stage)} ${foot + 16})` }, told, drawn("title", {}, whole));
  return [
    ...niceTicks(low, high).flatMap((value) => [
      drawn("line", { class: value === 0 ? "rule nought" : "rule", x1: FRAME.left, x2: width - FRAME.right, y1: y(value), y2: y(value) }),
      drawn("text", { class: "tick", x: FRAME.left - 7, y: y(value) + 4, "text-anchor": "end" }, short(value)),
    ]),
    ...(alone || !stages.length ? [] : [slanted(0, "trained", "The trained network: every map is itself, and this is in no mean")]),
    ...stages.map(({ number, title, share }) => slanted(number, `${shortened(title)} · ${shareWords(share)}`, `${title}: ${shareWords(share)} of the parameters are random`)),
    drawn("text", { class: "tick", x: width - FRAME.right, y: 10, "text-anchor": "end" }, `${words} with the trained network's map`),
  ];
}

const shortened = (title) => (title.length > LONGEST ? `${title.slice(0, LONGEST - 1)}…` : title);

const lineOf = (name, points, x, y, emphasis, stroke) =>
  drawn("polyline", { class: `line ${emphasis}`, "data-method": name, stroke, points: points.map(({ stage, value }) => `${x(stage).toFixed(1)},${y(value).toFixed(1)}`).join(" ") });

function bandOfUnrelated(stages, lines, x, y) {
  const band = stages.flatMap(({ number }) => {
    const here = lines.flatMap(({ points }) => points.filter(({ stage }) => stage === number));
    return here.length ? [{ stage: number, low: Math.min(...here.map(({ low, value }) => low ?? value)), high: Math.max(...here.map(({ high, value }) => high ?? value)) }] : [];
  });
  if (!band.length) return [];
  const at = (read) => band.map((point) => `${x(point.stage).toFixed(1)},${y(read(point)).toFixed(1)}`);
  return [drawn("polygon", { class: "band", points: [...at(({ low }) => low), ...at(({ high }) => high).reverse()].join(" ") })];
}

// The same as numbers.
const similarityTable = (stages, lines, labels, mode) => element("table", {}, element("caption", { class: "hidden" }, "Similarities as numbers"),
  element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Stage"), ...lines.map(({ name }) => element("th", { scope: "col" }, labels.get(name))))),
  element("tbody", {}, ...stages.map((stage) => element("tr", {}, element("th", { scope: "row", class: "stage" }, `${stage.number}. ${stageWords(stage, mode)}`),
    ...lines.map(({ points }) => element("td", {}, similarityNumber(points.find((point) => point.stage === stage.number))))))));

function similarityNumber(point) {
  if (!point) return "–";
  return point.low !== null && point.high > point.low ? `${fixed(point.value)} (${fixed(point.low)} to ${fixed(point.high)})` : fixed(point.value);
}
