// Networks retrained on what each heatmap leaves: the verdict, accuracy by share as networks finish, the leak beside it,
// and what of the paper's findings shows here.

import { earlierMark, element, field, markEarlier, region, say, selection, showLines } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { coloursOf, makeNames } from "../../components/kit/line_legend.js";
import { percent } from "../../components/kit/numbers.js";
import { chartsSideBySide } from "../../components/kit/side_by_side.js";
import { ended } from "../../components/kit/stream.js";
import { methodLabel } from "../../components/kit/table.js";
import { chanceOf, ownPictures } from "../data_words.js";
import { makeFindings } from "../findings.js";
import { PROBED, ROAR_SIZES, SHARE_WORDS, studyCell, studyCurves } from "./roar_curves.js";
import { makeProbes } from "./roar_probes.js";
import { studyTable } from "./roar_table.js";
import { basisOfStudy, meaningOfLeak, studyVerdict } from "./roar_words.js";

const BY_STUDY = { retrained: "Accuracy of retrained networks", unadapted: "Accuracy without retraining" };
const FORM_WORDS = { roar: "ROAR: most important removed", kar: "KAR: only most important kept" };
const FIRST_LINES = 3;
const STUDY_KEY = "Solid: networks that learned from the pictures. Dashed, with open dots and a fainter band: the leak, networks that learned from the masks alone. Grey: controls, which ignore the network; the masks of random removal should leak nothing. Bands: 95 % intervals over pictures.";
const STUDY_AREAS = {
  roar: "Area to random: accuracy with random removal minus accuracy without what the method ranks high, averaged over the shares; higher is better.",
  kar: "Area to random: accuracy with only what the method ranks high minus accuracy with random places, averaged over the shares; higher is better.",
};

export default component({
  mount(state) {
    state.earlier = earlierMark();
    state.verdict = element("p", { class: "verdict", role: "status" });
    state.basis = element("p", { class: "muted small" });
    state.pictures = element("p", { class: "muted small" });
    state.inHand = element("p", { class: "muted small" });
    state.meaning = element("p", { class: "meaning" });
    state.refusals = element("details", { hidden: true });
    state.formPlace = element("span", {});
    state.names = makeNames((name) => turnMethod(state, name));
    state.figures = chartsSideBySide(BY_STUDY, ROAR_SIZES);
    state.table = region("Accuracies and verdicts by method");
    state.areas = element("p", { class: "muted small" });
    state.probes = makeProbes();
    state.findings = makeFindings();
    return [state.earlier, state.verdict, state.basis, state.pictures, state.inHand, state.meaning, state.refusals, element("div", { class: "bar" }, state.formPlace, state.names.place), state.figures.place,
      element("p", { class: "muted small" }, STUDY_KEY), state.table, state.areas, state.probes.place, state.findings.place];
  },

  begin(state) {
    const { forms } = state.data;
    Object.assign(state, { accuracies: new Map(), learning: new Map(), about: null, explained: null, ready: null, refused: new Map(), drawn: null });
    if (!forms.includes(state.form)) state.form = forms[0];
    const choices = Object.entries(FORM_WORDS).filter(([form]) => forms.includes(form));
    const choose = (form) => { state.form = form; state.redraw(); };
    state.formPlace.replaceChildren(choices.length > 1 ? field("Show", selection("Form", choices, state.form, choose)) : element("span", { class: "muted" }, FORM_WORDS[state.form]));
  },

  take: {
    DataReady: (state, message) => { state.about = message; },
    PictureRefused: ({ refused }, { picture, reason }) => refused.set(`picture ${picture}`, `${picture}: ${reason}`),
    EpochDone: (state, message) => { state.explained = message; },
    RetrainingEpoch: ({ learning }, message) => learning.set(`${message.cell.what} ${studyCell(message.cell)} ${message.seed}`, message),
    MethodRefused: ({ data, refused }, { method, reason }) => refused.set(method, `${methodLabel(data.methods, method)}: ${reason}`),
    RetrainedAccuracy: ({ accuracies }, message) => accuracies.set(studyCell(message), message),
    RetrainingReady: (state, message) => { state.ready = message; },
  },

  render(state) {
    const { data, ready, job, accuracies, form } = state;
    state.root.dataset.state = accuracies.size ? "started" : "waiting";
    markEarlier(state.earlier, data);
    say(state.verdict, studyVerdict(state));
    say(state.basis, basisOfStudy(state));
    say(state.pictures, ownPictures(state));
    say(state.inHand, ended(job) || !accuracies.size ? "" : networksInHand(state));
    say(state.meaning, meaningOfLeak(state));
    showLines(state.refusals, "Refused", [...state.refused.values()]);
    if (!accuracies.size) return;
    const colours = coloursOf(linesNow(state), state.root);
    state.names.show(data.methods.filter(({ control }) => !control), colours);
    for (const [by, chart] of Object.entries(state.figures.charts)) chart.draw(studyCurves(state, by, BY_STUDY[by], colours));
    state.table.replaceChildren(studyTable(state));
    say(state.areas, `${STUDY_AREAS[form]}${chanceOfLeak(state)}`);
    state.probes.show(data.methods, (ready?.probes ?? []).filter((each) => each.form === form));
    state.findings.show(ready?.directions ?? []);
  },
});

const chanceOfLeak = (state) => (state.data.leak ? ` Guessing is right for ${percent(chanceOf(state))}: a leak near that tells nothing.` : "");

// What is being learned at this moment, as far as an epoch of it has ended.
function networksInHand({ learning, data }) {
  const open = [...learning.values()].filter(({ epoch, epochs }) => epoch < epochs);
  return open.length ? `Learning now: ${open.map((each) => `${lessonOf(each.cell, data)}, epoch ${each.epoch} of ${each.epochs} (${percent(each.accuracy)})`).join("; ")}.` : "";
}

function lessonOf({ method, form, fraction, what, probe }, data) {
  if (!fraction) return "whole pictures";
  return `${methodLabel(data.methods, method)}${probe ? ` (${PROBED[probe]})` : ""}, ${percent(fraction)} ${SHARE_WORDS[form]}${what === "masks" ? ", masks alone" : ""}`;
}

// What somebody chose, else the first methods.
const linesNow = (state) => state.drawn ?? new Set(state.data.methods.filter(({ control }) => !control).slice(0, FIRST_LINES).map(({ name }) => name));

function turnMethod(state, name) {
  state.drawn = linesNow(state);
  if (!state.drawn.delete(name)) state.drawn.add(name);
  state.redraw();
}
