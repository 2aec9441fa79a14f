// Similarity to the trained network's map, stage by stage: a line a method, and as a band what unrelated maps score.

const FRAME = { left: 40, right: 14, top: 12, bottom: 52 };
const PLOT_HEIGHT = 280;

function makeSimilarityPlot() {
  const place = drawn("svg", { class: "plot", height: PLOT_HEIGHT, role: "img", "aria-label": "Similarities to come" });
  return { place, draw: (picture) => place.replaceChildren(...similarityLayers(picture, place)) };
}

// `lines` are [{ name, points: [{ stage, value, low, high }] }]; those that have a colour are drawn strongly.
function similarityLayers({ stages, lines, band, colours, words, summary }, place) {
  const width = Math.max(260, place.clientWidth || 600);
  place.setAttribute("viewBox", `0 0 ${width} ${PLOT_HEIGHT}`);
  place.setAttribute("aria-label", summary);
  const ends = [...lines.flatMap(({ points }) => points), ...band].flatMap(({ low, high }) => [low, high]).filter((value) => value !== null && value !== undefined);
  const low = Math.min(0, ...ends), high = 1;
  const last = Math.max(2, stages.length);
  const x = (stage) => FRAME.left + 8 + ((stage - 1) / (last - 1)) * (width - FRAME.left - FRAME.right - 8);
  const y = (value) => FRAME.top + ((high - value) / (high - low)) * (PLOT_HEIGHT - FRAME.top - FRAME.bottom);
  const strong = ({ name }) => colours.has(name);
  return [
    ...similarityAxes(stages, x, y, low, high, width, words),
    ...bandOf(band, x, y),
    ...lines.filter((line) => !strong(line)).map(({ name, points }) => lineOf(name, points, x, y, "quiet", "currentColor")),
    ...lines.filter(strong).flatMap(({ name, points }) => [
      ...points.filter(({ low, high }) => low !== null && high > low).map((point) => drawn("line", { class: "spread", stroke: colours.get(name), x1: x(point.stage), x2: x(point.stage), y1: y(point.low), y2: y(point.high) })),
      lineOf(name, points, x, y, "loud", colours.get(name)),
      ...points.map((point) => drawn("circle", { class: "mark", cx: x(point.stage), cy: y(point.value), r: 3.5, fill: colours.get(name) })),
    ]),
  ];
}

function similarityAxes(stages, x, y, low, high, width, words) {
  const every = Math.max(1, Math.ceil((stages.length * 44) / (width - FRAME.left)));
  const marked = stages.filter(({ number }) => number === stages.length || (stages.length - number) % every === 0);
  const foot = PLOT_HEIGHT - FRAME.bottom;
  return [
    ...niceTicks(low, high).flatMap((value) => [
      drawn("line", { class: value === 0 ? "rule nought" : "rule", x1: FRAME.left, x2: width - FRAME.right, y1: y(value), y2: y(value) }),
      drawn("text", { class: "tick", x: FRAME.left - 7, y: y(value) + 4, "text-anchor": "end" }, short(value)),
    ]),
    ...marked.flatMap(({ number, share }) => [
      drawn("text", { class: "tick", x: x(number), y: foot + 15, "text-anchor": "middle" }, number),
      drawn("text", { class: "tick", x: x(number), y: foot + 30, "text-anchor": number === stages.length ? "end" : "middle", dx: number === stages.length ? FRAME.right : 0 }, shareWords(share)),
    ]),
    drawn("text", { class: "tick", x: (FRAME.left + width) / 2, y: PLOT_HEIGHT - 3, "text-anchor": "middle" }, "stage, and the share of the parameters that is random there"),
    drawn("text", { class: "tick", x: width - FRAME.right, y: FRAME.top + 2, "text-anchor": "end" }, `${words} with the trained network's map`),
  ];
}

const lineOf = (name, points, x, y, emphasis, stroke) =>
  drawn("polyline", { class: `line ${emphasis}`, "data-method": name, stroke, points: points.map(({ stage, value }) => `${x(stage).toFixed(1)},${y(value).toFixed(1)}`).join(" ") });

function bandOf(band, x, y) {
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
