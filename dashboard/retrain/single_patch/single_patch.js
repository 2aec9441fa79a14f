// Whether heatmaps order the patches of a picture as deleting them does: the verdict, the score of each method by network,
// and where networks differ.

import { NOTHING } from "../../components/heatmap_cards/fidelity_verdict.js";
import { palette } from "../../components/kit/chart.js";
import { earlierMark, element, markEarlier, region, say, showLines } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { counted, percent, soFar } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { methodLabel } from "../../components/kit/table.js";
import { patchChart } from "./patch_chart.js";
import { gapAgrees, gapKey, patchTable, scoreKey } from "./patch_table.js";

const SCORE_MEANS = "Rank correlation of a heatmap's sum in each patch with what the output loses without this patch: 1 is the same order, 0 an unrelated one, below 0 the reverse. Bars: 95 % intervals over pictures.";

export default component({
  mount(state) {
    state.earlier = earlierMark();
    state.verdict = element("p", { class: "verdict", role: "status" });
    state.basis = element("p", { class: "muted small" });
    state.comparison = element("p", { class: "comparison" });
    state.refusals = element("details", { hidden: true });
    state.key = element("ul", { class: "key", "aria-label": "Networks" });
    state.chart = region("Rank correlation by method");
    new ResizeObserver(() => state.chart.clientWidth !== state.room && state.redraw()).observe(state.chart);
    state.table = region("Rank correlations and verdicts by method");
    return [state.earlier, state.verdict, state.basis, state.comparison, state.refusals, state.key, state.chart,
      element("p", { class: "muted small" }, SCORE_MEANS), state.table];
  },

  begin: (state) => Object.assign(state, { scores: new Map(), gaps: new Map(), adapted: [], refused: [], shownAs: "" }),

  take: {
    NetworkAdapted: ({ adapted }, message) => adapted.push(message),
    MethodRefused: ({ data, refused }, { method, reason }) => refused.push(`${methodLabel(data.methods, method)}: ${reason}`),
    PatchScore: ({ scores }, message) => scores.set(scoreKey(message.network, message.method), message),
    NetworkGap: ({ gaps }, message) => gaps.set(gapKey(message.method, message.first, message.second), message),
  },

  render(state) {
    const { data, scores, gaps } = state;
    state.root.dataset.state = scores.size ? "started" : "waiting";
    markEarlier(state.earlier, data);
    say(state.verdict, scores.size ? verdictSoFar(state) : beforeScores(state));
    say(state.basis, basisOfScores(state));
    say(state.comparison, networksCompared(state));
    showLines(state.refusals, "Refused", state.refused);
    if (!scores.size) return;
    const networks = data.networks.filter(({ name }) => pictureCount(state, name)).map((each, at) => ({ ...each, colour: palette(state.root)[at] }));
    const rows = rowsOfScores(state, networks);
    state.key.replaceChildren(...(data.networks.length > 1 ? networks.map(networkKey) : []));
    state.room = state.chart.clientWidth;
    state.chart.replaceChildren(patchChart(state, rows, networks, state.room));
    const shownAs = JSON.stringify([...scores.values(), ...gaps.values()].map(({ sequence }) => sequence));
    if (state.shownAs !== shownAs) state.table.replaceChildren(patchTable(state, rows, networks));
    state.shownAs = shownAs;
  },
});

function networkKey({ label, colour }) {
  const swatch = element("span", { class: "swatch" });
  swatch.style.background = colour;
  return element("li", {}, swatch, label);
}

const pictureCount = ({ scores }, network) => Math.max(0, ...[...scores.values()].filter((each) => each.network === network).map(({ pictures }) => pictures));

// Methods that a network has scored on all pictures so far: one that was refused on a later picture has fewer.
function rowsOfScores(state, networks) {
  const { data, scores } = state;
  const found = (method, { name }) => {
    const score = scores.get(scoreKey(name, method.name));
    return score?.pictures === pictureCount(state, name) ? score : undefined;
  };
  const rows = data.methods.map((method) => ({ method, scores: networks.map((network) => found(method, network)) }));
  const best = ({ scores: [first, ...others] }) => (first ?? others.find(Boolean)).score.over_pictures.mean;
  return rows.filter((row) => row.scores.some(Boolean)).sort((one, other) => best(other) - best(one));
}

function beforeScores({ adapted, job, data }) {
  if (ended(job)) return "No verdict: the run ended before the first pictures.";
  if (job?.state === "queued") return "The run waits for its turn.";
  return adapted.length < data.copies ? `Copy ${adapted.length + 1} of ${data.copies} learns from pictures that lack a patch.` : "The first pictures are on their way.";
}

// A method's name keeps its capital.
function verdictSoFar(state) {
  const words = singlePatchVerdict(state);
  if (ended(state.job)) return words;
  return state.data.methods.some(({ label }) => words.startsWith(label)) ? `So far: ${words}` : soFar(words);
}

function singlePatchVerdict(state) {
  const { data } = state, networks = data.networks.filter(({ name }) => pictureCount(state, name));
  const judged = rowsOfScores(state, networks).filter(({ method }) => !method.control);
  const better = judged.filter(({ scores }) => scores.every((each) => each?.standing === "better"));
  if (!judged.length) return "No verdict: no heatmap could be judged.";
  if (networks.some(({ name }) => pictureCount(state, name) < data.fewest)) return `Unclear: a verdict needs at least ${data.fewest} pictures.`;
  const among = networks.length > 1 ? " with every network" : "";
  if (!better.length) return among ? "No heatmap clearly beats every control with every network." : NOTHING;
  if (better.length === 1) return `${better[0].method.label} clearly beats every control${among}.`;
  return `${better.length} of ${counted(judged.length, "method")} clearly beat every control${among}.`;
}

// What the scores rest on, and whether a deleted patch is nothing new after fine-tuning.
function basisOfScores(state) {
  const { data, adapted } = state;
  return data.networks.filter(({ name }) => adapted.some(({ network }) => network === name)).map(({ name, label }) => {
    const own = adapted.filter(({ network }) => network === name), pictures = pictureCount(state, name);
    const mean = (part) => percent(own.reduce((sum, each) => sum + each[part], 0) / own.length);
    const over = pictures ? `, ${counted(pictures, "picture")}` : "";
    return `${label}: ${counted(own.length, "copy", "copies")}${over}; accuracy on all ${counted(own[0].tested, "test picture")}, each without a patch: ${mean("before")} before fine-tuning, ${mean("after")} after; ${mean("whole")} on whole ones.`;
  }).join(" ");
}

// Of each pair of networks, for how many methods which one has the higher scores.
function networksCompared({ data, gaps }) {
  const label = (name) => data.networks.find((network) => network.name === name)?.label ?? name;
  const real = new Set(data.methods.filter(({ control }) => !control).map(({ name }) => name));
  const pairs = new Map();
  for (const gap of gaps.values()) if (real.has(gap.method)) pairs.set(`${label(gap.first)} against ${label(gap.second)}`, [...(pairs.get(`${label(gap.first)} against ${label(gap.second)}`) ?? []), gapAgrees(gap)]);
  return [...pairs].map(([words, signs]) => {
    const of = (wanted) => signs.filter((each) => each === wanted).length;
    return `${words}: higher for ${counted(of(1), "method")}, lower for ${of(-1)}, open for ${of(0)}.`;
  }).join(" ");
}
