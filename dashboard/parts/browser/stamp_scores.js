// How far each heatmap is from showing the stamp, the nearest first, with what a map that knows nothing would get.

const instances = new WeakMap();

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.data = data;
  followOnly(state, data.run, () => begin(state), (messages, job) => take(state, messages, job));
  render(state);
  return whenGone(parentElement, () => state.unfollow?.());
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { root, scores: new Map(), spreads: new Map(), older: new Set(), place: element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Agreement with the stamp" }), verdict: element("p", { class: "verdict" }), words: element("div") };
  state.used = element("figure", { class: "used", hidden: true });
  root.replaceChildren(state.verdict, state.used, state.place, state.words);
  instances.set(parentElement, state);
  return state;
}

// Scores of an earlier choice stay, pale, until their successors come.
function begin(state) {
  state.older = new Set(state.scores.keys());
  state.spreads.clear();
  state.causal = null;
  state.words.replaceChildren(glossary([{ title: "Agreement with the stamp", metrics: state.data.metrics }]));
}

function take(state, messages, job) {
  for (const message of messages) {
    const { kind, method, scores, spread } = message;
    if (kind === "causal") state.used.replaceChildren(...usedFigure((state.causal = message)));
    if (kind === "scores") state.scores.set(method, scores);
    if (kind === "spread") state.spreads.set(method, spread);
    if (kind === "scores" || kind === "refused") state.older.delete(method);
    if (kind === "refused") state.scores.delete(method);
  }
  state.over = ENDED.includes(job.state);
  render(state);
}

function render({ data, scores, spreads, causal, used, older, place, verdict, over }) {
  used.hidden = !causal;
  const known = data.methods.filter(({ name }) => scores.has(name));
  const distance = ({ name }) => scores.get(name).stamp_distance ?? Infinity;
  known.sort((one, other) => distance(one) - distance(other));
  const caption = over && !older.size ? "The nearest to the stamp first" : "So far: heatmaps are still coming";
  const sentences = [nearest(known, distance, data.truth), byChance(known, scores), causal ? usedPixels(causal) : ""];
  verdict.textContent = over && !older.size ? sentences.filter(Boolean).join(" ") : "";
  place.replaceChildren(element("table", {}, element("caption", { class: "hidden" }, caption),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Method"), ...data.metrics.map(metricHead))),
    element("tbody", {}, ...known.map((method) => row(method, scores.get(method.name), spreads.get(method.name), data.metrics, older.has(method.name)))),
    element("tfoot", {}, element("tr", {}, element("th", { scope: "row" }, "A random map"), ...data.metrics.map((metric) => element("td", {}, metric.chance))))));
}

// Known is the nearest first; the ideal itself is nobody's merit.
function nearest(known, distance, truth) {
  const best = known.find(({ control }) => !control), control = known.find(({ control, name }) => control && name !== "oracle");
  if (!best || !control) return "";
  const nearer = known.filter((method) => !method.control && distance(method) < distance(control)).length, all = known.filter((method) => !method.control).length;
  return `${best.label} comes nearest to the stamp, d ${fixed(distance(best))}. ${nearer} of ${counted(all, "method")} ${nearer === 1 ? "comes" : "come"} nearer than the best control, ${control.label}, d ${fixed(distance(control))}.${truth ? " One picture proves little: the benchmark asks many." : ""}`;
}

// A map is hardly where it is by chance if few of its own copies, shifted and turned, come as near.
const SELDOM = 0.05;
function byChance(known, scores) {
  const methods = known.filter(({ control }) => !control);
  const perhaps = methods.filter(({ name }) => !(scores.get(name).copies_as_near < SELDOM));
  if (!methods.length) return "";
  return perhaps.length ? `By chance alone may be near: ${perhaps.map(({ label }) => label).join(", ")} (one in twenty of its own copies, moved about, comes as near).` : "None of them is near by chance: hardly a copy of its map, moved about, comes as near.";
}

// The stamp, each pixel as strong as what it does; those that the model uses have a frame.
const LEAST_USED = 0.1, WIDEST = 112;
function usedFigure({ drawing, share }) {
  const side = Math.max(4, Math.min(16, Math.floor(WIDEST / drawing[0].length)));
  const cells = drawing.flatMap((row, down) => row.map((value, across) => drawn("rect", {
    class: value > LEAST_USED ? "strong" : "weak", x: across * side + 1, y: down * side + 1, width: side - 2, height: side - 2, "fill-opacity": Math.max(0, value) })));
  const [wide, high] = [drawing[0].length * side, drawing.length * side];
  const picture = drawn("svg", { role: "img", width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, "aria-label": `The stamp's pixels; the model uses ${percent(share)} of them` }, ...cells);
  return [picture, element("figcaption", { class: "muted small" }, "What each pixel of the stamp does for the answer, found by putting it on in many orders. Framed: those that the model uses, which the causal distance is from.")];
}

const usedPixels = ({ share, suffices }) => `The model uses ${percent(share)} of the stamp's pixels, and these alone ${suffices ? "make" : "do not make"} it say so.`;

const row = (method, scores, spread, metrics, older) => element("tr", { "data-method": method.name, class: older ? "older" : undefined },
  nameCell(method, method.name), ...metrics.map((metric) => scoreCell(metric, scores[metric.name], spread?.[metric.name])));

const scoreCell = (metric, value, spread) => element("td", {}, written(metric, value),
  metric.name === "stamp_distance" && spread !== undefined && spread !== null ? element("span", { class: "muted" }, ` ± ${fixed(spread)}`) : null);
