// One fine-tune judges every method: the verdict, accuracy as pixels go after fine-tuning and before, the areas by method,
// and what of the paper's findings shows here.

import { NOTHING } from "../../components/heatmap_cards/fidelity_verdict.js";
import { earlierMark, element, folded, markEarlier, region, say, showLines } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { coloursOf, makeNames } from "../../components/kit/line_legend.js";
import { counted, fixed, percent, soFar } from "../../components/kit/numbers.js";
import { chartsSideBySide, shareAndInterval } from "../../components/kit/side_by_side.js";
import { ended } from "../../components/kit/stream.js";
import { head, methodLabel, table, wordsCell } from "../../components/kit/table.js";
import { GUESSES, chanceOf, ownPictures } from "../data_words.js";
import { makeFindings } from "../findings.js";
import { REMOVAL_ORDERS, REMOVAL_SIZES, removalCurves, removalPlace, removalPoints } from "./removal_curves.js";
import { AREAS, areaTable } from "./removal_table.js";

const BY_NETWORKS = { adapted: "Accuracy after fine-tuning on random gaps", unadapted: "Accuracy before fine-tuning" };
const FIRST_DRAWN = 2;
const ONE_JUDGE = "With one network, the intervals leave out how networks differ.";
const CURVE_KEY = "Solid: most important removed first (MIF), should fall fast. Dashed: least important removed first (LIF), should stay high. Grey: controls, which ignore the network. Bands: 95 % intervals over pictures.";
const CENTRED = "The garments are centred: the Centre control, which ignores the network, removes the garment first. A heatmap has to beat it to show more than where the garment is.";
const CENTRED_OWN = "Of the controls, which ignore the network, Centre removes the most: what tells the classes apart tends to be in the middle of these pictures. A heatmap has to beat it to show more than that.";

export default component({
  mount(state) {
    state.earlier = earlierMark();
    state.verdict = element("p", { class: "verdict", role: "status" });
    state.basis = element("p", { class: "muted small" });
    state.pictures = element("p", { class: "muted small" });
    state.guesses = element("p", { class: "centred" });
    state.centred = element("p", { class: "centred" });
    state.refusals = element("details", { hidden: true });
    state.names = makeNames((name) => turnDrawn(state, name));
    state.figures = chartsSideBySide(BY_NETWORKS, REMOVAL_SIZES);
    state.areas = region("Areas and verdicts by method");
    state.findings = makeFindings();
    state.numbers = region("Accuracies as numbers");
    state.details = folded("Accuracies as numbers", state.numbers);
    state.details.ontoggle = state.redraw;
    return [state.earlier, state.verdict, state.basis, state.pictures, state.guesses, state.centred, state.refusals, state.names.place, state.figures.place, element("p", { class: "muted small" }, CURVE_KEY),
      state.areas, element("p", { class: "muted small" }, AREAS), state.findings.place, state.details];
  },

  begin: (state) => Object.assign(state, { accuracies: new Map(), about: null, tuned: [], ready: null, refused: [], drawn: null, tableShown: null }),

  take: {
    DataReady: (state, message) => { state.about = message; },
    PictureRefused: ({ refused }, { picture, reason }) => refused.push(`${picture}: ${reason}`),
    FineTuned: ({ tuned }, message) => tuned.push(message),
    MethodRefused: ({ data, refused }, { method, reason }) => refused.push(`${methodLabel(data.methods, method)}: ${reason}`),
    RemovalAccuracy: ({ accuracies }, message) => accuracies.set(removalPlace(message), message),
    FineTuneReady: (state, message) => { state.ready = message; },
  },

  render(state) {
    const { data, ready, job } = state;
    state.root.dataset.state = ready ? "started" : "waiting";
    markEarlier(state.earlier, data);
    say(state.verdict, ready ? verdictNow(state) : beforePictures(state));
    say(state.basis, basisOfCurves(state));
    say(state.pictures, ownPictures(state));
    say(state.guesses, guessesOnly(state) ? GUESSES : "");
    say(state.centred, ready && centreLeads(state) ? data.own ? CENTRED_OWN : CENTRED : "");
    showLines(state.refusals, "Refused", state.refused);
    if (!ready) return;
    const colours = coloursOf(drawnNow(state), state.root);
    state.names.show(judgedMethods(state).map(({ method }) => ({ name: method, label: methodLabel(data.methods, method) })), colours);
    for (const [by, chart] of Object.entries(state.figures.charts)) chart.draw(removalCurves(state, by, BY_NETWORKS[by], colours));
    if (state.tableShown !== ready) {
      state.areas.replaceChildren(areaTable(state));
      state.findings.show(ready.pictures < data.fewest ? [] : ready.directions);
      state.tableShown = ready;
    }
    if (state.details.open) state.numbers.replaceChildren(...Object.keys(BY_NETWORKS).map((by) => accuracyTable(state, by)));
  },
});

const controlNames = ({ data }, wanted = "control") => new Set(data.methods.filter((method) => method[wanted]).map(({ name }) => name));

function judgedMethods(state) {
  const controls = controlNames(state);
  return state.ready.verdicts.filter(({ method }) => !controls.has(method));
}

function beforePictures({ tuned, job, data, about }) {
  if (ended(job)) return "No verdict: the run ended before the first pictures.";
  if (job?.state === "queued") return "The run waits for its turn.";
  if (data.own && !tuned.length) return about ? "The network to explain learns from your pictures." : "Your pictures are being read.";
  const ready = tuned.filter(({ seed }) => seed !== null).length;
  return ready < data.networks ? `Fine-tuning network ${ready + 1} of ${data.networks} on random gaps.` : "The first pictures are on their way.";
}

const guessesOnly = ({ tuned: [explained], about }) => Boolean(explained && about && explained.accuracy <= about.chance);

// A method's name keeps its capital.
function verdictNow(state) {
  const words = fineTuneVerdict(state);
  if (state.ready.final) return words;
  return judgedMethods(state).some(({ standing }) => standing === "better") ? `So far: ${words}` : soFar(words);
}

function fineTuneVerdict(state) {
  const { data, ready } = state, judged = judgedMethods(state);
  const better = judged.filter(({ standing }) => standing === "better");
  if (!judged.length) return "No verdict: no heatmap could be judged.";
  if (ready.pictures < data.fewest) return `Unclear: a verdict needs at least ${data.fewest} pictures.`;
  if (better.length === 1) return `${methodLabel(data.methods, better[0].method)} is clearly better than every control.`;
  return better.length ? `${better.length} of ${counted(judged.length, "method")} are clearly better than every control.` : NOTHING;
}

// What the numbers rest on, and what fine-tuning cost on whole pictures.
function basisOfCurves({ ready, tuned, data }) {
  const [before, ...after] = tuned.map(({ accuracy }) => accuracy);
  const whole = before === undefined ? "" : `Accuracy on all ${counted(tuned[0].tested, "whole test picture")}: ${rangeOf([before])} before fine-tuning${after.length ? `, ${rangeOf(after)} after` : ""}${ready ? `; of those judged, ${percent(ready.adapted.over_pictures.mean)} after` : ""}.`;
  return [ready ? `Over ${counted(ready.pictures, "picture")} and ${counted(data.networks, "network")}.` : "", whole, data.networks === 1 ? ONE_JUDGE : "", madeBefore(tuned, data)].filter(Boolean).join(" ");
}

function madeBefore(tuned, { networks }) {
  const bundled = tuned.filter((each) => each.bundled);
  if (!bundled.length) return "";
  const seconds = fixed(bundled.reduce((sum, each) => sum + each.seconds, 0), 0);
  return `Fine-tuned beforehand: ${bundled.length} of ${counted(networks, "network")}, in ${seconds} s of one core. Another seed or removal unit fine-tunes new ones.`;
}

function rangeOf(shares) {
  const [low, high] = [Math.min(...shares), Math.max(...shares)].map((share) => fixed(100 * share, 1));
  return low === high ? `${low} %` : `${low} to ${high} %`;
}

// Of the controls that ignore the network, whether the centre has the largest area.
function centreLeads(state) {
  const rivals = controlNames(state, "rival");
  return state.ready.verdicts.find(({ method }) => rivals.has(method))?.method === "centre";
}

// What somebody chose, else the methods with the largest areas.
const drawnNow = (state) => state.drawn ?? new Set(judgedMethods(state).slice(0, FIRST_DRAWN).map(({ method }) => method));

function turnDrawn(state, name) {
  state.drawn = drawnNow(state);
  if (!state.drawn.delete(name)) state.drawn.add(name);
  state.redraw();
}

function accuracyTable(state, by) {
  const orders = state.ready.verdicts.flatMap(({ method }) => Object.keys(REMOVAL_ORDERS).map((order) => [method, order]));
  const curves = orders.map(([method, order]) => ({ method, order, points: removalPoints(state, method, order, by) }));
  return table({
    kind: "accuracies", caption: BY_NETWORKS[by], captionKind: "caption",
    heads: ["Method", head("Removed first", { class: "words" }), ...curves[0].points.map(({ removed }) => `${percent(removed)} removed`)],
    rows: curves.map(({ method, order, points }) => [{}, methodLabel(state.data.methods, method), wordsCell(REMOVAL_ORDERS[order].replace(" first", "")), ...points.map(shareAndInterval)]),
  });
}
