// What the perturbation test says of all methods, in one sentence with counts; of several models in one table. It also
// says where the class is too unlikely to be explained, and where two tests of one map disagree.

import { isFlat, overall, tally } from "../../components/heatmap_cards/fidelity_verdict.js";
import { earlierMark, element, markEarlier, region, say, sign } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { counted, fixed } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { cell, head, table } from "../../components/kit/table.js";
import { FAINT, disagreements, outcomes } from "./tests.js";

export default component({
  mount(state) {
    state.followed = [];
    state.earlier = earlierMark();
    state.sentence = element("p", { class: "verdict", role: "status" });
    state.counts = element("p", { class: "counts" });
    state.models = region("Verdict of each model");
    state.notes = element("div", { class: "notes", role: "status" });
    return [state.earlier, state.sentence, state.counts, state.models, state.notes];
  },

  places: (state) => [...state.data.runs, ...state.data.tests].map((data, at) => Object.assign(state.followed[at] ?? {}, { data })),

  begin: (place) => Object.assign(place, { fidelities: new Map(), matched: null, standings: new Map(), target: "", probability: null }),

  take: {
    HeatmapReady: (place, { heatmap }) => { place.target = heatmap.target; },
    CurvePoint: (place, point) => { if (point.fraction === 0 && point.order !== "random") place.probability = probabilityOf(place, point); },
    FidelityReady: (place, message) => place.fidelities.set(message.method, message),
    MatchedReady: (place, message) => { place.matched = message; },
    VerdictReady: (place, message) => place.standings.set(message.method, message),
  },

  render(state) {
    const { data, followed } = state;
    const runs = followed.slice(0, data.runs.length), tests = followed.slice(data.runs.length);
    const one = runs.length === 1;
    markEarlier(state.earlier, data);
    say(state.sentence, one ? sentence(runs[0]) : runs.length ? sentenceOfSeveral(runs) : "");
    state.counts.replaceChildren(...(one ? countsOf(runs[0]) : []));
    state.models.replaceChildren(...(one || !runs.length ? [] : [modelTable(runs)]));
    const lines = [...runs.flatMap(faint), ...runs.flatMap(flat), ...disagreements(outcomes(runs[0], tests))];
    if (state.shownAs === lines.join()) return;
    state.shownAs = lines.join();
    state.notes.replaceChildren(...lines.map((words) => element("p", {}, words)));
  },
});

// The probability that the whole picture has for the class; null where only the likeliest were told and it is none of them.
const probabilityOf = ({ data, target }, { value, top }) => (data.y === "probability" ? value : top.find(([label]) => label === target)?.[1] ?? null);

function scoresOf({ data, fidelities }) {
  const real = new Set(data.methods.filter(({ control }) => !control).map(({ name }) => name));
  return [...fidelities.values()].filter(({ method }) => real.has(method)).sort((one, other) => other.value - one.value);
}

const labelOf = ({ data }, method) => data.methods.find(({ name }) => name === method)?.label ?? method;

function sentence(run) {
  const scores = scoresOf(run);
  if (!scores.length) return ended(run.job) ? "No verdict: the run ended before its perturbation test." : "No verdict yet: the perturbation test is not finished.";
  const words = overall(scores, (method) => labelOf(run, method));
  return scores.every(({ final }) => final) ? words : `So far: ${words}`;
}

// In how many models some heatmap finds what the model uses; the table says which.
function sentenceOfSeveral(runs) {
  const judged = runs.map(scoresOf).filter((scores) => scores.length);
  if (!judged.length) return sentence(runs[0]);
  const found = judged.filter((scores) => tally(scores).found).length;
  const words = found ? `In ${found} of ${counted(runs.length, "model")} a heatmap finds what the model uses, better than every control.`
    : `In none of ${counted(runs.length, "model")} does a heatmap score better than every control.`;
  return judged.length === runs.length && judged.flat().every(({ final }) => final) ? words : `So far: ${words}`;
}

function countsOf(run) {
  const scores = scoresOf(run);
  if (scores.every(isFlat)) return []; // also where only controls have come
  const { found, alike, failed } = tally(scores);
  return [`${found} ${found === 1 ? "finds" : "find"} it`, sign(" ▲"), ` · ${alike} no better than a control`, sign(" –"), ` · ${failed} ${failed === 1 ? "fails" : "fail"}`, sign(" ▼")];
}

// Of a class that the model does not see there is nothing to explain.
const faint = (run) => (run.probability !== null && run.probability < FAINT
  ? [`${named(run)} gives ${run.target} less than ${fixed(FAINT)}: F says little about it.`] : []);

function flat(run) {
  const scores = scoresOf(run);
  return scores.length && scores.every(isFlat) ? [scores[0].sentence] : [];
}

const named = ({ data }) => data.title || "The model";

function modelTable(runs) {
  return table({
    kind: "models", caption: "What the perturbation test says of each model", captionKind: "hidden",
    heads: ["Model", "Class", "Best method", "F", "▲ finds it", head("– no better", { title: "No better than a control that ignores the model" }), "▼ fails"],
    rows: runs.map((run) => {
      const scores = scoresOf(run), [best] = scores, { found, alike, failed } = tally(scores);
      const none = ended(run.job) ? "–" : "…", counts = scores.length ? [found, alike, failed] : [none, none, none];
      const class_ = run.target ? `${run.target}${run.probability === null ? "" : `, ${run.probability < FAINT ? `< ${fixed(FAINT)}` : fixed(run.probability)}`}` : none;
      return [{}, run.data.title, cell(class_, { class: "words" }), cell(best ? labelOf(run, best.method) : none, { class: "words" }), best ? fixed(best.value) : none, ...counts];
    }),
  });
}
