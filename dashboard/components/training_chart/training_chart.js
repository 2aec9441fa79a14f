// How a training goes: loss and accuracy by epoch, drawn where they stand, and at its end the gate.

import { dot, level, line, makeChart, palette, risingAxis, tick } from "../kit/chart.js";
import { element, folded, region, say } from "../kit/dom.js";
import { component } from "../kit/frame.js";
import { counted, exactly, fixed, percent, short } from "../kit/numbers.js";
import { ended } from "../kit/stream.js";
import { table } from "../kit/table.js";
import { gateBox, gateLine } from "./gate.js";

const LOOKS = { height: 220, edges: { left: 52, right: 14, top: 12, bottom: 40 }, narrowest: 240 };
const KEY = "Solid: training pictures. Dashed: held-out ones. Dotted: the gate's 99 %.";
const NEEDED = 0.99;

export default component({
  mount(state) {
    state.said = element("p", { class: "said", role: "status" });
    state.loss = makeChart({ ...LOOKS, toCome: "Loss by epoch, to come" });
    state.accuracy = makeChart({ ...LOOKS, toCome: "Accuracy by epoch, to come" });
    state.charts = element("div", { class: "charts" }, titled("Loss on the training pictures", state.loss.place), titled("Accuracy", state.accuracy.place, KEY));
    state.numbers = region("Epochs as numbers");
    state.details = folded("Epochs as numbers", state.numbers);
    state.details.ontoggle = state.redraw;
    state.gatePlace = element("div");
    state.used = element("p", { class: "muted used", hidden: true });
    return [state.said, state.charts, state.details, state.gatePlace, state.used];
  },

  begin(state) {
    Object.assign(state, { epochs: [], gate: null, causal: null, gateShown: null });
    state.gatePlace.replaceChildren();  // what stood here was of something else
    state.used.hidden = true;
  },

  take: {
    EpochDone: (state, message) => state.epochs.push(message),
    GateReady: (state, { gate }) => { state.gate = gate; },
    CausalReady: (state, message) => { state.causal = message; },
  },

  render(state) {
    const { epochs, gate, data, charts, details, gatePlace } = state;
    const last = epochs.at(-1);
    const running = data.run && !ended(state.job);
    state.root.dataset.state = last ? "started" : "waiting";
    charts.hidden = details.hidden = !data.chart || !(last || running);
    const words = last ? epochWords(last) : running && data.chart ? "The first epoch is on its way." : "";
    say(state.said, words);
    state.said.hidden = !data.chart || !words;
    if (!charts.hidden) drawEpochs(state, last?.epochs ?? 8);
    if (details.open) state.numbers.replaceChildren(epochTable(epochs));
    state.used.hidden = !state.causal;
    if (state.causal) state.used.textContent = usedOnAverage(state.causal);
    const shown = data.gate ? gate : null;
    if (state.gateShown !== shown) gatePlace.replaceChildren(...(shown ? [data.brief && gate.passed ? gateLine(gate) : gateBox(gate)] : []));
    state.gateShown = shown;
  },
});

const titled = (words, chart, key) => element("figure", {}, element("figcaption", {}, words, key ? element("span", { class: "muted small key" }, key) : null), chart);

const usedOnAverage = ({ share, suffices, pictures }) =>
  `On ${counted(pictures, "picture")} the model uses ${percent(share)} of the stamp's pixels on average; on ${percent(suffices)} of the pictures these alone are enough for its answer. The causal distance is measured from them.`;

const epochWords = ({ epoch, epochs, loss, accuracy, held_out, seconds }) =>
  `Epoch ${epoch} of ${epochs}: loss ${short(loss)}; accuracy ${exactly(accuracy)} on training pictures and ${exactly(held_out)} on held-out ones, after ${seconds.toFixed(0)}\u00a0s.`;

function drawEpochs({ loss, accuracy, epochs, root }, count) {
  const colours = palette(root);
  const training = { name: "training", stroke: colours[0] }, heldOut = { name: "held out", stroke: colours[1], class: "line dashed" };
  const highest = Math.max(0.7, ...epochs.map((epoch) => epoch.loss));
  loss.draw(pictureOf(count, [0, highest], short, lossWords(epochs), [{ ...training, values: epochs.map((epoch) => epoch.loss) }]));
  const lowest = Math.min(0.5, ...epochs.flatMap((epoch) => [epoch.accuracy, epoch.held_out]));
  accuracy.draw(pictureOf(count, [Math.floor(lowest * 10) / 10, 1], percent, accuracyWords(epochs), [
    { ...training, values: epochs.map((epoch) => epoch.accuracy) }, { ...heldOut, values: epochs.map((epoch) => epoch.held_out) },
  ], NEEDED));
}

const lossWords = (epochs) => (epochs.length ? `Loss by epoch: ${epochs.map(({ loss }) => short(loss)).join(", ")}` : "Loss by epoch, to come");
const accuracyWords = (epochs) => (epochs.length ? `Accuracy by epoch, training and held out: ${epochs.map(({ accuracy, held_out }) => `${exactly(accuracy)} and ${exactly(held_out)}`).join("; ")}` : "Accuracy by epoch, to come");

const pictureOf = (count, ends, write, words, lines, least) => ({
  words, x: [1, Math.max(2, count)], y: ends,
  layers: (to) => [
    ...risingAxis(to, write),
    ...wholeEpochs(count).map((epoch) => tick(epoch, to.x(epoch), to.foot + 17)),
    tick("epoch", (to.left + to.right) / 2, to.height - 5),
    ...(least ? [level(to, least, "least")] : []),
    ...lines.flatMap(({ name, values, ...looks }) => [
      line(to, values.map((value, at) => [at + 1, value]), { "data-line": name, ...looks }),
      ...values.map((value, at) => dot(to, at + 1, value, looks.stroke)),
    ]),
  ],
});

// Every epoch where there are few, else about ten of them.
function wholeEpochs(count) {
  const step = Math.max(1, Math.ceil(count / 10));
  return Array.from({ length: count }, (_, at) => at + 1).filter((epoch) => epoch === 1 || epoch % step === 0);
}

const epochTable = (epochs) => table({
  caption: "Loss and accuracy by epoch",
  heads: ["Epoch", "Loss", "Training accuracy", "Held-out accuracy", "Seconds"],
  rows: epochs.map(({ epoch, loss, accuracy, held_out, seconds }) => [{}, epoch, fixed(loss, 4), exactly(accuracy), exactly(held_out), seconds.toFixed(1)]),
});
