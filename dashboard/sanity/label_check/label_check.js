// Networks that learned true and shuffled labels: what each learned, a row a method with its map of one picture by each,
// and over all pictures how similar the others' maps are to the first one's.

import { makePair, portraitOf } from "../../components/kit/compare_dialog.js";
import { element, field, folded, photo, region, say, selection, showLines } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { measured } from "../../components/kit/heatmap.js";
import { makeStage, paintAsItIs } from "../../components/kit/map_view.js";
import { capital, counted, exactly, fixed } from "../../components/kit/numbers.js";
import { ended, mapOf } from "../../components/kit/stream.js";
import { SIMILARITIES, similarityWords, similarityNames } from "../similarities.js";
import { makeStandingsHead } from "../standings_head.js";
import { emptyCell, labelTable, makeLabelRow, showLabelRow } from "./method_rows.js";
import { networksTable } from "./networks.js";

const UNLEARNED = "No verdicts: a network did not learn its labels.";
const BEFORE_NETWORKS = { queued: "The check waits for its turn.", running: "The networks are on their way." };
const WITH_LABELS = {
  fail: "stay similar with shuffled labels", fails: "stays similar with shuffled labels",
  pass: "change with the labels", passes: "changes with the labels",
};

export default component({
  mount(state) {
    const { data } = state;
    Object.assign(state, { similarity: data.judged, picture: 0 });
    state.head = makeStandingsHead(WITH_LABELS);
    state.refusals = element("details", { hidden: true });
    state.networks = region("What the networks learned");
    state.pictures = element("span", { class: "pictures", role: "group", "aria-label": "Picture whose maps are shown" });
    state.bar = element("div", { class: "bar", role: "group", "aria-label": "What the table shows" },
      field("Maps of", state.pictures),
      field("Similarity", selection("Similarity", similarityNames, state.similarity, (name) => { state.similarity = name; state.redraw(); })));
    state.about = element("p", { class: "muted small" });
    state.table = region("Maps and verdicts by method");
    state.pair = makePair([], () => state.opener?.focus());
    state.sentences = element("ul");
    state.learning = folded("What the networks learned", state.networks);
    return [state.head.place, state.refusals, state.bar, state.table, state.about,
      element("div", { class: "folds" }, state.learning, folded("Verdicts in words", state.sentences)), state.pair.dialog];
  },

  begin(state) {
    const { data } = state;
    Object.assign(state, { maps: new Map(), verdicts: new Map(), refused: new Map(), refusedPictures: [], epochs: new Map(), ready: null });
    state.pair.close();
    state.buttons = data.pictures.map(({ title, source }, place) => element("button", { type: "button", "aria-label": title, title, onclick: () => showPicture(state, place) }, photo({ src: source })));
    state.pictures.replaceChildren(...state.buttons);
    state.rows = data.methods.map((method) => makeLabelRow(method, Object.keys(data.roles), (cell) => enlarge(state, cell)));
    state.table.replaceChildren(labelTable(state.rows, Object.values(data.roles)));
    showPicture(state, 0);
  },

  take: {
    NetworkLearning: ({ epochs, learning }, { role, epoch }) => {
      learning.open ||= !epochs.size;  // a training is watched; networks that were trained before are looked up
      epochs.set(role, [...(epochs.get(role) ?? []), epoch]);
    },
    NetworksReady: (state, message) => {
      state.ready = message;
      state.learning.open ||= !message.sound;  // which network it was stands there
    },
    LabelMap: ({ maps }, message) => maps.set(`${message.picture} ${message.role} ${message.heatmap.method}`, message),
    LabelsReady: ({ verdicts }, message) => verdicts.set(message.method, message),
    MethodRefused: ({ refused }, { method, reason }) => refused.set(method, reason),
    PictureRefused: ({ refusedPictures }, { picture, reason }) => refusedPictures.push(`${picture}: ${reason}`),
  },

  render(state) {
    const { data, ready, verdicts, rows, epochs } = state;
    state.head.show(data, ready && !ready.sound ? new Map() : verdicts, state.job, {
      waiting: beforeVerdicts(state), basis: basisOf(state), apart: "",
    });
    state.sentences.replaceChildren(...data.methods.flatMap(({ name, label }) => verdicts.has(name) || state.refused.has(name) ? [element("li", {}, `${label}. ${verdicts.get(name)?.sentence ?? state.refused.get(name)}`)] : []));
    showLines(state.refusals, "Refused", state.refusedPictures);
    state.networks.replaceChildren(networksTable(data, epochs, ready));
    state.bar.hidden = state.table.hidden = state.about.hidden = Boolean(ready && !ready.sound);
    state.about.textContent = aboutSimilarity(state);
    const known = new Set([...state.maps.values()].map(({ picture }) => picture));
    state.buttons.forEach((button, place) => { button.disabled = !known.has(place); button.hidden = button.disabled && ended(state.job); });
    const extent = extentOfSimilarities([...verdicts.values()], state.similarity);
    for (const row of rows) {
      showLabelRow(row, verdicts.get(row.method.name), state.refused.get(row.method.name), { ...state, extent });
      for (const cell of row.cells) showLabelCell(state, cell);
    }
  },
});

function beforeVerdicts({ ready, job, epochs }) {
  if (ready) return !ready.sound ? UNLEARNED : ended(job) ? "No map could be compared." : "The first picture is on its way.";
  return ended(job) ? "The check ended before the networks were trained." : epochs.size ? "The networks are being trained." : BEFORE_NETWORKS[job?.state] ?? "";
}

function basisOf({ ready, verdicts, data }) {
  if (ready && !ready.sound) return `The check needs ${exactly(data.enough)} training accuracy. Use another seed.`;
  return verdicts.size ? `over ${counted(Math.max(...[...verdicts.values()].map(({ n }) => n)), "picture")}` : "";
}

function aboutSimilarity({ data, similarity }) {
  const [words, meaning] = SIMILARITIES[similarity];
  const judged = similarity === data.judged ? `the thin mark is half the similarity after retraining` : `the verdict uses ${SIMILARITIES[data.judged][0]}`;
  return `${words}: ${meaning}, compared with the first network's; 1 is the same map. Bars are 95 % intervals over pictures; ${judged}.`;
}

function extentOfSimilarities(verdicts, similarity) {
  const ends = verdicts.flatMap(({ retrained, shuffled }) => [retrained[similarity], shuffled[similarity]]).flatMap(({ mean, low }) => [mean, low]).filter((value) => value !== null);
  return { low: Math.min(0, ...ends), high: 1 };
}

function showPicture(state, place) {
  state.picture = place;
  state.buttons.forEach((button, each) => button.setAttribute("aria-pressed", String(each === place)));
  for (const { cells } of state.rows) cells.forEach(emptyCell);
  state.redraw();
}

function showLabelCell(state, cell) {
  const message = state.maps.get(`${state.picture} ${cell.role} ${cell.row.method.name}`);
  const value = message?.similarities?.[state.similarity];
  say(cell.value, !message?.similarities ? "\u00a0" : value === null ? "–" : fixed(value));
  const words = labelCellWords(state, cell, message);
  if (cell.button.getAttribute("aria-label") !== words) cell.button.setAttribute("aria-label", words);
  if (message && cell.message !== message) fetchLabelMap(state, cell, message);
}

async function fetchLabelMap(state, cell, message) {
  const { run } = state.data;
  cell.message = message;
  const values = await mapOf(run, message.sequence);
  if (!values || state.data.run !== run || cell.message !== message) return;
  cell.map = measured(values, message.heatmap.width);
  cell.canvas.classList.add("pixels");
  cell.canvas.hidden = cell.button.disabled = false;
  paintAsItIs(cell.canvas, cell.map);
}

function labelCellWords({ data, picture }, { role, row }, message) {
  const what = `${row.method.label}, ${data.roles[role]}, ${data.pictures[picture]?.title ?? "picture"}`;
  if (!message) return `${what}: no map yet`;
  return role === "true" ? `${what}: for ${message.heatmap.target}` : `${what}: ${similarityToFirst(message)}`;
}

const similarityToFirst = ({ similarities }) => similarityWords((name) => similarities[name]);

function enlarge(state, cell) {
  state.opener = cell.button;
  const first = cell.row.cells.find(({ role }) => role === "true");
  state.pair.fill(cell.row.method.label, [first, ...(cell === first ? [] : [cell])].filter(({ map }) => map).map((each) => labelPortrait(state, each)));
  state.pair.dialog.showModal();
}

function labelPortrait(state, cell) {
  const { data, picture } = state, { message, role } = cell, words = labelCellWords(state, cell, message);
  const stage = makeStage(data.pictures[picture].source, () => {}, `Read the values with the arrow keys: ${words}`);
  stage.canvas.setAttribute("aria-label", words);
  stage.showAsItIs(cell.map);
  const caption = role === "true" ? `Explained: ${message.heatmap.target}, the class that this network predicts.` : `${similarityToFirst(message)}.`;
  return portraitOf(stage, capital(data.roles[role]), element("p", {}, caption), element("p", { class: "muted" }, message.heatmap.notes.join(" ")));
}
