// How a training goes: loss and accuracy by epoch, drawn where they stand, and at its end the gate.

const instances = new WeakMap();
const EDGES = { left: 52, right: 14, top: 12, bottom: 40 };
const TALL = 220;

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.data = data;
  state.root.classList.toggle("stale", data.stale);
  const told = JSON.stringify(data.told);
  if (!data.run && state.following === "" && state.told !== told) begin(state);
  state.told = told;
  followOnly(state, data.run, () => begin(state), (messages, job) => take(state, messages, job));
  schedule(state);
  return whenGone(parentElement, () => { state.unfollow?.(); state.resized.disconnect(); });
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { root, epochs: [], gate: null, causal: null, job: null };
  state.said = element("p", { class: "said", role: "status" });
  state.loss = drawn("svg", { class: "panel", height: TALL, role: "img" });
  state.accuracy = drawn("svg", { class: "panel", height: TALL, role: "img" });
  state.charts = element("div", { class: "charts" }, titled("Loss on the training pictures", state.loss), titled("Share of pictures named rightly", state.accuracy, KEY));
  state.numbers = element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Epochs as numbers" });
  state.details = element("details", { ontoggle: () => schedule(state) }, element("summary", {}, "Epochs as numbers"), state.numbers);
  state.place = element("div");
  state.used = element("p", { class: "muted used", hidden: true });
  root.replaceChildren(state.said, state.charts, state.details, state.place, state.used);
  state.resized = new ResizeObserver(() => schedule(state));
  state.resized.observe(state.charts);
  instances.set(parentElement, state);
  return state;
}

const KEY = "Solid: training pictures. Dashed: held-out ones. Dotted: the gate's 99 %.";
const titled = (words, chart, key) => element("figure", {}, element("figcaption", {}, words, key ? element("span", { class: "muted small key" }, key) : null), chart);

function begin(state) {
  Object.assign(state, { epochs: [], gate: null, causal: null, job: null, gateShown: null });
  state.place.replaceChildren();  // what stood here was of something else
  state.used.hidden = true;
  receive(state, state.data.told);
}

function receive(state, messages) {
  for (const message of messages) {
    if (message.kind === "epoch") state.epochs.push(message);
    if (message.kind === "gate") state.gate = message;
    if (message.kind === "causal") state.causal = message;
  }
}

function take(state, messages, job) {
  receive(state, messages);
  state.job = job;
  schedule(state);
}

function schedule(state) {
  state.frame ??= requestAnimationFrame(() => { state.frame = undefined; render(state); });
}

function render(state) {
  const { epochs, gate, data } = state;
  const last = epochs.at(-1);
  const running = data.run && !ENDED.includes(state.job?.state);
  state.root.dataset.state = last ? "started" : "waiting";
  state.charts.hidden = state.details.hidden = !data.chart || !(last || running);
  const words = last ? courseWords(last) : running && data.chart ? "The first epoch is on its way." : "";
  if (state.said.textContent !== words) state.said.textContent = words;
  state.said.hidden = !data.chart || !words;
  if (!state.charts.hidden) drawBoth(state, last?.epochs ?? 8);
  if (state.details.open) state.numbers.replaceChildren(epochTable(epochs));
  if (state.used.hidden === Boolean(state.causal)) state.used.hidden = !state.causal;
  if (state.causal) state.used.textContent = usedOnAverage(state.causal);
  if (state.gateShown !== gate) state.place.replaceChildren(...(gate ? [data.brief && gate.passed ? gateLine(gate) : gateBox(gate)] : []));
  state.gateShown = gate;
}

const usedOnAverage = ({ share, suffices, pictures }) =>
  `On ${counted(pictures, "picture")} the model uses ${percent(share)} of the stamp's pixels on average; on ${percent(suffices)} of them these alone make it say so. The causal distance is from them.`;

const courseWords = ({ epoch, epochs, loss, accuracy, held_out, seconds }) =>
  `Epoch ${epoch} of ${epochs}: loss ${short(loss)}; right on ${exactly(accuracy)} of the training pictures and on ${exactly(held_out)} of the held-out ones, after ${seconds.toFixed(0)}\u00a0s.`;

function drawBoth({ loss, accuracy, epochs, root }, count) {
  const palette = getComputedStyle(root).getPropertyValue("--st-chart-categorical-colors").split(",").map((colour) => colour.trim());
  const highest = Math.max(0.7, ...epochs.map((epoch) => epoch.loss));
  panel(loss, { count, low: 0, high: highest, write: short, lines: [{ name: "training", colour: palette[0], values: epochs.map((epoch) => epoch.loss) }], words: lossWords(epochs) });
  const lowest = Math.min(0.5, ...epochs.flatMap((epoch) => [epoch.accuracy, epoch.held_out]));
  panel(accuracy, { count, low: Math.floor(lowest * 10) / 10, high: 1, write: percent, least: 0.99, words: accuracyWords(epochs), lines: [
    { name: "training", colour: palette[0], values: epochs.map((epoch) => epoch.accuracy) },
    { name: "held out", colour: palette[1], values: epochs.map((epoch) => epoch.held_out), dashed: true },
  ] });
}

const lossWords = (epochs) => (epochs.length ? `Loss by epoch: ${epochs.map(({ loss }) => short(loss)).join(", ")}` : "Loss by epoch, to come");
const accuracyWords = (epochs) => (epochs.length ? `Share named rightly by epoch, training and held out: ${epochs.map(({ accuracy, held_out }) => `${exactly(accuracy)} and ${exactly(held_out)}`).join("; ")}` : "Share named rightly by epoch, to come");

function panel(place, { count, low, high, write, lines, least, words }) {
  const width = Math.max(240, place.clientWidth || 420);
  const x = (epoch) => EDGES.left + ((epoch - 1) / Math.max(1, count - 1)) * (width - EDGES.left - EDGES.right);
  const y = (value) => EDGES.top + ((high - value) / (high - low)) * (TALL - EDGES.top - EDGES.bottom);
  place.setAttribute("viewBox", `0 0 ${width} ${TALL}`);
  place.setAttribute("aria-label", words);
  place.replaceChildren(
    ...niceTicks(low, high).flatMap((value) => [
      drawn("line", { class: "rule", x1: EDGES.left, x2: width - EDGES.right, y1: y(value), y2: y(value) }),
      drawn("text", { class: "tick", x: EDGES.left - 8, y: y(value) + 4, "text-anchor": "end" }, write(value)),
    ]),
    ...whole(count).map((epoch) => drawn("text", { class: "tick", x: x(epoch), y: TALL - EDGES.bottom + 17, "text-anchor": "middle" }, epoch)),
    drawn("text", { class: "tick", x: (EDGES.left + width - EDGES.right) / 2, y: TALL - 5, "text-anchor": "middle" }, "epoch"),
    ...(least ? [drawn("line", { class: "least", x1: EDGES.left, x2: width - EDGES.right, y1: y(least), y2: y(least) })] : []),
    ...lines.flatMap(({ name, colour, values, dashed }) => [
      drawn("polyline", { class: dashed ? "line dashed" : "line", "data-line": name, stroke: colour, points: values.map((value, place) => `${x(place + 1).toFixed(1)},${y(value).toFixed(1)}`).join(" ") }),
      ...values.map((value, place) => drawn("circle", { class: "point", cx: x(place + 1), cy: y(value), r: 3, fill: colour })),
    ]));
}

// Every epoch where there are few, else about ten of them.
function whole(count) {
  const step = Math.max(1, Math.ceil(count / 10));
  return Array.from({ length: count }, (_, place) => place + 1).filter((epoch) => epoch === 1 || epoch % step === 0);
}

const epochTable = (epochs) => element("table", {}, element("caption", { class: "hidden" }, "Loss and shares named rightly by epoch"),
  element("thead", {}, element("tr", {}, ...["Epoch", "Loss", "Training pictures right", "Held-out pictures right", "Seconds"].map((words) => element("th", { scope: "col" }, words)))),
  element("tbody", {}, ...epochs.map(({ epoch, loss, accuracy, held_out, seconds }) => element("tr", {}, element("th", { scope: "row" }, epoch),
    ...[fixed(loss, 4), exactly(accuracy), exactly(held_out), seconds.toFixed(1)].map((words) => element("td", {}, words))))));
