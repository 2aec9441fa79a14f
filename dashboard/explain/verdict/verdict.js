// What the perturbation test says of all methods, in one sentence with counts; of several models in one and a table. It
// also says where the class is too unlikely to be explained, and where two tests of one map disagree.

import { isFlat, tally } from "../../components/heatmap_cards/fidelity_verdict.js";
import { earlierMark, element, markEarlier, region, say, sign } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { fixed, likelihood } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { cell, head, table } from "../../components/kit/table.js";
import { faint, labelOf, scoresOf, sentence, sentenceOfSeveral } from "./sentence.js";
import { disagreements, outcomes } from "./tests.js";

export default component({
  mount(state) {
    state.followed = [];
    state.earlier = earlierMark();
    state.sentence = element("p", { class: "verdict", role: "status" });
    state.counts = element("p", { class: "counts" });
    state.models = region("Verdict of each model");
    state.notes = element("div", { class: "notes", role: "status" });
    return [state.earlier, state.sentence, state.counts, state.notes, state.models];
  },

  places: (state) => [...state.data.runs, ...state.data.tests].map((data, at) => Object.assign(state.followed[at] ?? {}, { data })),

  begin: (place) => Object.assign(place, { fidelities: new Map(), matched: null, standings: new Map(), target: "" }),

  take: {
    HeatmapReady: (place, { heatmap }) => { place.target = heatmap.target; },
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

function countsOf(run) {
  const scores = scoresOf(run);
  if (scores.every(isFlat) || faint(run).length) return []; // also where only controls have come
  const { found, alike, failed, flats } = tally(scores);
  return [`${found} ${found === 1 ? "finds" : "find"} it`, sign(" ▲"), ` · ${alike} not clearly better than a control`, sign(" –"), ` · ${failed} ${failed === 1 ? "fails" : "fail"}`, sign(" ▼"),
    flats ? ` · ${flats} undefined` : ""];
}

function flat(run) {
  const scores = scoresOf(run);
  return scores.length && scores.every(isFlat) ? [scores[0].sentence] : [];
}

function modelTable(runs) {
  const some = runs.some((run) => tally(scoresOf(run)).flats);
  return table({
    kind: "models", caption: "What the perturbation test says of each model", captionKind: "hidden",
    heads: ["Model", head("Class", { class: "words" }), head("Best method", { class: "words" }), "F", "▲ finds", head("– no better", { title: "No better than a control that ignores the model" }), "▼ fails", ...(some ? ["undefined"] : [])],
    rows: runs.map((run) => {
      const scores = scoresOf(run), [best] = scores, { found, alike, failed, flats } = tally(scores);
      const none = ended(run.job) ? "–" : "…", counts = [found, alike, failed, ...(some ? [flats] : [])].map((count) => (scores.length ? count : none));
      const { probability } = run.data;
      const sure = probability === null ? "" : `, ${likelihood(probability)}`;
      const class_ = run.target ? `${run.target}${sure}` : none;
      return [{}, run.data.title, cell(class_, { class: "words" }), cell(best ? labelOf(run, best.method) : none, { class: "words" }), best ? fixed(best.value) : none, ...counts];
    }),
  });
}
