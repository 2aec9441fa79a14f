// The metrics judged: a status for each, and below it all that it follows from. Everything fills as pictures arrive.

import { choice, earlierMark, element, markEarlier, region, say, showLines } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { coloursOf } from "../../components/kit/line_legend.js";
import { scoresExplained } from "../../components/kit/metric.js";
import { counted, soFar } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { methodLabel } from "../../components/kit/table.js";
import { HARDLY_REACTS, LEAST_AREA } from "../../components/study_table/answer.js";
import { ALPHA_MEANS, ANCHOR_MEANS, CHOICES_MEAN, CONSISTENCY_MEANS, EXPLAINED_MEANS, alphaTable, anchorRange, anchorTable, choicesTable, consistencyTable, explainedTable, sizesInWords } from "./check_tables.js";
import { DEGRADATION_MEANS, makeDegradation } from "./degradation.js";
import { SCORE_FORMS, MATRIX_MEANS, makeMatrix, pairKey } from "./matrix.js";
import { makeScatter } from "./pair.js";
import { RANKS_MEAN, makeRanks } from "./ranks.js";
import { STATUS_MEANS, statusTable, statusVerdict } from "./statuses.js";

const CHANGES = [["picture", "Noise on the picture"], ["weights", "Noise on the weights"]];
const SWITCHED_OFF = "Not tested: this check was switched off.";
const NOT_YET = "To come with the first pictures.";
const NOTHING_FOUND = "Nothing to show: no picture gave the scores that this needs.";

// A part of the page: its title, what its numbers mean, and what stands there while there are none.
function part(title, means, ...children) {
  const missing = element("p", { class: "muted", hidden: true });
  const content = element("div", {}, ...children);
  const place = element("section", {}, element("h2", {}, title), element("p", { class: "muted small means" }, means), missing, content);
  return { place, showIf(there, words) { content.hidden = !there; missing.hidden = there; say(missing, there ? "" : words); return there; } };
}

export default component({
  mount(state) {
    Object.assign(state, { form: "raw", change: "picture", chosen: null });
    state.earlier = earlierMark();
    state.verdict = element("p", { class: "verdict", role: "status" });
    state.basis = element("p", { class: "muted small" });
    state.warned = element("p", { class: "warned" });
    state.listed = region("Status of each metric");
    state.meaning = element("p", { class: "muted small" }, STATUS_MEANS);
    state.refusals = element("details", { class: "refusals", hidden: true });
    state.explanations = element("div");
    state.matrix = makeMatrix((key) => { state.chosen = key; state.redraw(); });
    state.pair = makeScatter(state.redraw);
    state.formWords = element("p", { class: "muted small" });
    state.ranks = makeRanks(state.redraw);
    state.degradation = makeDegradation();
    for (const name of ["alphas", "looks", "met", "flips", "anchored"]) state[name] = region(TITLES[name]);
    state.sizes = element("p", { class: "muted small" });
    state.gate = element("p", { class: "muted small" });
    state.parts = {
      agreement: part("Agreement between metrics", MATRIX_MEANS, element("div", { class: "bar" }, choice("Scores compared", Object.entries(SCORE_FORMS).map(([name, [words]]) => [name, words]), state.form, (form) => { state.form = form; state.redraw(); })),
        state.formWords, region("Correlation of every two metrics", state.matrix.place), state.pair.place),
      alphas: part(TITLES.alphas, ALPHA_MEANS, state.alphas),
      ranks: part("Which methods each metric tells apart", RANKS_MEAN, state.ranks.place),
      looks: part(TITLES.looks, EXPLAINED_MEANS, state.looks),
      degradation: part("Degradation of a good map", DEGRADATION_MEANS, state.degradation.place),
      met: part(TITLES.met, CONSISTENCY_MEANS, element("div", { class: "bar" }, choice("What is changed", CHANGES, state.change, (change) => { state.change = change; state.redraw(); })), state.met, state.sizes),
      flips: part(TITLES.flips, CHOICES_MEAN, state.flips),
      anchored: part(TITLES.anchored, ANCHOR_MEANS, state.anchored, state.gate),
    };
    return [state.earlier, state.verdict, state.basis, state.warned, state.listed, state.meaning, state.refusals, state.explanations, ...Object.values(state.parts).map(({ place }) => place)];
  },

  begin(state) {
    const { data } = state;
    state.metrics = new Map(data.metrics.map((metric) => [metric.name, metric]));
    Object.assign(state, { statuses: null, correlations: new Map(), diagrams: new Map(), pictures: new Map(), found: {}, gateFound: null, refused: [], drawnFor: new Map() });
    if (state.chosen && !state.chosen.split(" ").every((name) => state.metrics.has(name))) state.chosen = null;
    state.listed.replaceChildren();  // what stood here was of another study
    state.matrix.begin(state.metrics);
    state.pair.begin(data.methods);
    state.ranks.begin(state.metrics);
    state.degradation.begin(state.metrics);
    state.explanations.replaceChildren(scoresExplained(data.groups));
  },

  take: {
    StatusesReady: (state, message) => { state.statuses = message; },
    CorrelationsReady: ({ correlations }, { form, pairs }) => correlations.set(form, new Map(pairs.map((pair) => [pairKey(pair.first, pair.second), pair]))),
    DifferencesReady: ({ diagrams }, { diagram }) => diagrams.set(diagram.metric, diagram),
    PictureJudged: ({ pictures }, message) => pictures.set(message.picture, withScores(message)),
    AlphasReady: ({ found }, { rows }) => { found.alphas = rows; },
    ExplainedReady: ({ found }, { rows }) => { found.looks = rows; },
    DegradationsReady: ({ found }, { rows }) => { found.degradation = rows; },
    ConsistencyReady: ({ found }, { rows }) => { found.met = rows; },
    FlipsReady: ({ found }, { rows }) => { found.flips = rows; },
    AnchorsReady: ({ found }, { rows }) => { found.anchored = rows; },
    SizesFound: ({ found }, sizes) => { found.sizes = sizes; },
    GateReady: (state, { gate }) => { state.gateFound = gate; },
    MethodRefused: ({ data, refused }, { method, reason }) => refused.push(`${methodLabel(data.methods, method)}: ${reason}`),
    PictureRefused: ({ refused }, { picture, reason }) => refused.push(`${picture}: ${reason}`),
    TruthRefused: ({ refused }, { picture, reason }) => refused.push(`${picture} only counts for metrics that need no annotation: ${reason}`),
  },

  render(state) {
    const { data, statuses, found } = state;
    state.root.dataset.state = statuses ? "started" : "waiting";
    markEarlier(state.earlier, data);
    say(state.verdict, statusSoFar(state));
    say(state.basis, statuses ? `Over ${counted(statuses.pictures, "picture")} and ${counted(data.methods.filter(({ control }) => !control).length, "method")}${data.checks.some((name) => name !== "anchor") ? `; checks on the first ${data.checked}` : ""}.` : "");
    say(state.warned, statuses && hardlyReacts(state) ? `${HARDLY_REACTS} The statuses say little.` : "");
    state.warned.hidden = !state.warned.textContent;
    showLines(state.refusals, "Refused", state.refused);
    state.meaning.hidden = !statuses;
    anew(state, "statuses", statuses, () => state.listed.replaceChildren(statusTable(state)));
    showAgreement(state);
    const rowsOf = { alphas: alphaTable, looks: explainedTable, anchored: anchorTable };
    for (const [name, tableOf] of Object.entries(rowsOf)) if (isThere(state, name)) anew(state, name, found[name], () => state[name].replaceChildren(tableOf(found[name], state.metrics)));
    if (state.parts.ranks.showIf(state.diagrams.size > 0, waitingWords(state))) state.ranks.show(state.diagrams, state.metrics, data.methods);
    if (isThere(state, "degradation", "degradation")) anew(state, "degradation", found.degradation, () => state.degradation.show(found.degradation, state.metrics));
    if (isThere(state, "met", "changes")) anew(state, "met", `${found.met.length} ${state.change} ${statuses?.sequence}`, () => state.met.replaceChildren(consistencyTable(found.met, state.metrics, state.change)));
    say(state.sizes, found.sizes ? `Sizes of the noise. ${sizesInWords(found.sizes)}` : "");
    if (isThere(state, "flips", "choices")) anew(state, "flips", found.flips, () => state.flips.replaceChildren(choicesTable(found.flips, data.methods, data.choices)));
    say(state.gate, state.gateFound ? `${found.anchored ? `${anchorRange(found.anchored)} ` : ""}${state.gateFound.sentence}` : "");
  },
});

const TITLES = {
  alphas: "Agreement between pictures",
  looks: "What the look of the maps explains",
  met: "Perturbation consistency",
  flips: "Which choice changes the winner",
  anchored: "Truth anchor: a network with a known truth",
};

// Drawn only where what it shows has changed.
function anew({ drawnFor }, name, what, draw) {
  if (!what || drawnFor.get(name) === what) return;
  drawnFor.set(name, what);
  draw();
}

const waitingWords = ({ job }) => (ended(job) ? NOTHING_FOUND : NOT_YET);

function isThere(state, name, check = name === "anchored" ? "anchor" : null) {
  const on = !check || state.data.checks.includes(check);
  return state.parts[name].showIf(Boolean(state.found[name]), on ? waitingWords(state) : SWITCHED_OFF);
}

function statusSoFar({ statuses, job }) {
  if (!statuses) return ended(job) ? "No statuses: the run ended before the first picture." : "The first statuses come with the first picture.";
  const words = statusVerdict(statuses);
  return ended(job) ? words : soFar(words);
}

function withScores(message) {
  const place = new Map(message.metrics.map((name, at) => [name, at]));
  return { ...message, score: (method, metric) => message.scores[method]?.[place.get(metric)] ?? null };
}

// Where no order of pixels moves the model's answer, every curve is flat.
function hardlyReacts({ pictures, data }) {
  const areas = [...pictures.values()].flatMap((picture) => data.methods.map(({ name }) => picture.score(name, "fidelity"))).filter((value) => value !== null);
  return areas.length > 0 && areas.every((area) => Math.abs(area) < LEAST_AREA);
}

function showAgreement(state) {
  const { data, correlations, metrics, pictures } = state;
  if (!state.parts.agreement.showIf(correlations.size > 0, waitingWords(state))) return;
  say(state.formWords, SCORE_FORMS[state.form][1]);
  state.matrix.show(correlations.get(state.form), state.chosen);
  const raw = correlations.get("raw")?.get(state.chosen);
  const colours = coloursOf(data.methods.filter(({ control }) => !control).map(({ name }) => name), state.root);
  state.pair.show({ metrics, methods: data.methods, colours, pictures, raw, most: data.most_shown });
}
