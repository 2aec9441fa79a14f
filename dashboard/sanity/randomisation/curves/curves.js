// The figures of a randomisation: a line a verdict, and beside them each method's similarity to its map of the trained
// network, stage by stage; on one picture over draws of random weights, or over many pictures.

import { choice, element, folded, region, showLines } from "../../../components/kit/dom.js";
import { component } from "../../../components/kit/frame.js";
import { coloursOf, makeNames } from "../../../components/kit/line_legend.js";
import { capital, counted, fixed } from "../../../components/kit/numbers.js";
import { ended } from "../../../components/kit/stream.js";
import { SIMILARITIES, similarityNames } from "../../similarities.js";
import { TAKE_STAGES, makeStaged } from "../../stages.js";
import { CUT_SHORT, standingsTable } from "../../standings.js";
import { makeStandingsHead } from "../../standings_head.js";
import { UNRELATED, makeSimilarityPlot, similarityPicture, similarityTable } from "./similarity_plot.js";

const LOUD_AT_FIRST = 6;
const DOUBT = {
  many: ({ summary }) => `Means over ${counted(summary.pictures, "picture")}, vertical bars their 95 % intervals.`,
  one: ({ staged }) => (staged.draws > 1 ? `Means over up to ${staged.draws} draws of random weights, vertical bars from the smallest to the largest.` : "One draw of random weights; other draws may differ."),
};
const BAND = {
  many: "Grey band: unrelated maps, with their intervals.",
  one: "Grey band: unrelated maps.",
};
const SIGNS_EXPLAINED = {
  many: "Dot: mean similarity over pictures; bar: 95 % interval; thin mark: 0.5, the threshold of the verdict.",
  one: "Dot: mean similarity over draws; bar: smallest to largest; thin mark: 0.5, the threshold of the verdict; shade: the map compared with shifted, flipped and turned copies of itself.",
};
const NO_PICTURE = "No verdict: no picture was finished.";
const FIRST_MEANS = "The first means come with the first picture.";

export default component({
  mount(state) {
    Object.assign(state, { staged: makeStaged(), similarity: state.data.judged });
    state.head = makeStandingsHead();
    state.standings = region("Verdicts");
    state.signs = element("p", { class: "muted small" });
    state.names = makeNames((name) => turnLine(state, name));
    state.plot = makeSimilarityPlot();
    state.meaning = element("p", { class: "muted small" });
    state.refusals = element("details", { hidden: true });
    state.numbers = region("Similarities as numbers");
    state.details = folded("Similarities as numbers", state.numbers);
    state.details.ontoggle = state.redraw;
    state.sentences = element("ul");
    const choose = (name) => { state.similarity = name; state.redraw(); };
    return [
      ...(state.data.many ? [state.head.place] : []), state.refusals,
      element("div", { class: "evidence" },
        state.standings,
        element("div", { class: "curves" }, choice("Similarity", similarityNames, state.similarity, choose), state.names.place, state.plot.place, state.meaning)),
      element("div", { class: "folds" }, folded("Verdicts in words", state.signs, state.sentences), state.details),
    ];
  },

  begin(state) {
    state.staged.clear();
    Object.assign(state, { summary: null, refused: [], loud: null, standingsAs: "" });
    state.standings.replaceChildren();
    state.sentences.replaceChildren();
    state.signs.textContent = "";
  },

  take: {
    ...TAKE_STAGES,
    SanitySummary: (state, message) => { state.summary = message; },
    PictureRefused: (state, { picture, reason }) => state.refused.push(`${picture}: ${reason}`),
    MethodRefused: (state, message) => {
      TAKE_STAGES.MethodRefused(state, message);
      state.refused.push(`${methodNamed(state, message.method)?.label ?? message.method}: ${message.reason}`);
    },
  },

  render(state) {
    const { data, staged, similarity } = state, over = data.many ? "many" : "one";
    const [words, meaning] = SIMILARITIES[similarity];
    const lines = data.methods.map(({ name }) => ({ name, points: data.many ? meansOf(state, name) : drawsOf(state, name) })).filter(({ points }) => points.length);
    state.root.dataset.state = lines.length ? "started" : "waiting";
    if (data.many) state.head.show(data, staged.verdicts, state.job, { waiting: !ended(state.job) ? FIRST_MEANS : state.job.state === "done" ? "Only controls ran." : state.summary ? CUT_SHORT : NO_PICTURE, basis: state.summary ? `over ${counted(state.summary.pictures, "picture")}` : "", apart: "" });
    const colours = coloursOf(loudLines(state), state.root);
    state.names.show(lines.map(({ name }) => methodNamed(state, name)).filter(({ name }) => !UNRELATED.includes(name)), colours);
    state.plot.draw(similarityPicture({ ...staged, lines, colours, similarity: words, half: similarity === data.judged ? data.half : null, words: curvesInWords(state, lines, words) }));
    state.meaning.textContent = lines.length ? `${capital(meaning)}; 1 is the same map. ${DOUBT[over](state)} ${BAND[over]}` : "";
    if (state.details.open) state.numbers.replaceChildren(similarityTable(staged, lines, (name) => methodNamed(state, name).label));
    showLines(state.refusals, "Refused", state.refused);
    showStandings(state, SIGNS_EXPLAINED[over]);
  },
});

const methodNamed = ({ data }, method) => data.methods.find(({ name }) => name === method);

// The first few of those that look at a model, until somebody chooses.
const loudLines = ({ loud, data, staged }) => loud ?? new Set(data.methods.filter(({ name, control }) => !control && !staged.refused.has(name)).slice(0, LOUD_AT_FIRST).map(({ name }) => name));

function turnLine(state, name) {
  state.loud = new Set(loudLines(state));
  if (!state.loud.delete(name)) state.loud.add(name);
  state.redraw();
}

const meansOf = ({ summary, similarity }, method) => (summary?.curves[similarity]?.[method] ?? [])
  .map(([stage, value, low, high]) => ({ stage, value, low, high })).filter(({ value }) => value !== null).sort((one, other) => one.stage - other.stage);

const drawsOf = ({ staged, similarity }, method) => staged.stages.flatMap(({ number }) => {
  const found = staged.similarity(method, number, similarity);
  return found ? [{ stage: number, value: found.value, low: found.n > 1 ? found.low : null, high: found.n > 1 ? found.high : null }] : [];
});

function showStandings(state, signs) {
  const { data, staged: { verdicts } } = state;
  const shownAs = JSON.stringify([...verdicts.values()]);
  if (!verdicts.size || state.standingsAs === shownAs) return;
  state.standingsAs = shownAs;
  state.standings.replaceChildren(standingsTable(data.methods, verdicts, SIMILARITIES[data.judged][0], data.half, data.many ? "Pictures" : "Draws"));
  state.signs.textContent = signs;
  state.sentences.replaceChildren(...data.methods.filter(({ name }) => verdicts.has(name)).map(({ name, label }) => element("li", {}, `${label}. ${verdicts.get(name).sentence}`)));
}

function curvesInWords(state, lines, words) {
  const { stages } = state.staged;
  const ends = lines.flatMap(({ name, points }) => {
    const last = points.find(({ stage }) => stage === stages.length), method = methodNamed(state, name);
    return last && !method.control ? [`${method.label} ${fixed(last.value)}`] : [];
  });
  return ends.length ? `${words} with the trained network's map, stage by stage. At the last stage: ${ends.join(", ")}. The numbers are in the table below.` : ended(state.job) ? "No similarities" : "Similarities to come";
}
