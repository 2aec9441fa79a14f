// Means over many pictures, with intervals that shrink as pictures arrive; and below them the ranking by one score.

import { extentOf, intervalBar } from "../kit/chart.js";
import { element, folded, region, say, showLines, sign } from "../kit/dom.js";
import { component } from "../kit/frame.js";
import { grouped, meaning, scoresExplained, symbolOf, written, writtenShare } from "../kit/metric.js";
import { between, capital, counted, fixed } from "../kit/numbers.js";
import { ended } from "../kit/stream.js";
import { cell, head, methodCell, sortHead, table } from "../kit/table.js";
import { FEWEST_JUDGED, answerOf, metricsOf } from "./answer.js";
import { MEAN_VERDICTS, TOO_FEW } from "./mean_verdicts.js";
import { makeRanking, rankingOf } from "./ranking.js";

const NO_JUDGEMENT = ["", "describes, does not judge"];
const LEAK = "leak";
const LEAK_COMES_LAST = "Known once every picture is judged.";
const LEAK_READING = "The leak says how often a simple classifier predicts a picture's class from which pixels a method removed, and from nothing else; another may read more. Where its interval lies above chance, the removal scores of that method may depend on the shape of the gaps as well as on what was there. Chance is what the same predictions would reach if they had nothing to do with the pictures.";
const MEAN_SIGNS = "Verdicts follow the intervals of paired differences, and need five pictures. ▲ better than every control that ignores the model; △ better than the random control, but not than every other; ▼ worse than the random control; – not clearly different from the random control.";
const READING = [
  "In each cell the dot is the mean over pictures, the bar its 95 % interval, the thin mark the random control. Shares of hits have exact intervals; those of other scores are too narrow where most pictures have the same score.",
  MEAN_SIGNS,
  "Passing one test is not passing all: scores in different groups answer different questions, so no number sums them up.",
];

export default component({
  mount(state) {
    state.sort = null;
    state.answer = element("p", { class: "answer", role: "status" });
    state.said = element("p", { class: "muted", role: "status" });
    state.means = region("Means over pictures");
    state.bound = element("p", { class: "muted small" });
    state.leaking = element("p", { class: "muted", role: "status" });
    state.ofThisRun = element("p", { class: "muted small" });
    state.refusals = element("details", { hidden: true });
    state.explained = element("div", { class: "explained" });
    state.ranking = makeRanking();
    return [state.answer, state.said, state.means, state.leaking, state.ofThisRun, state.bound, state.refusals, element("div", { class: "folds" }, state.ranking.place, state.explained)];
  },

  begin(state) {
    const { data } = state, metrics = metricsOf(data);
    Object.assign(state, { summary: null, leak: null, refused: [], picturesRefused: 0, shownAs: "" });
    state.methods = new Map(data.methods.map((method) => [method.name, method]));
    if (!metrics.some(({ name }) => name === state.sort?.metric)) state.sort = metrics[0] && { metric: metrics[0].name, best: true };
    state.explained.replaceChildren(folded("How to read this table", ...readingOf(metrics).map((words) => element("p", {}, words))), scoresExplained(data.groups));
    state.means.replaceChildren();  // what stood here was of another study
    state.answer.textContent = state.bound.textContent = state.leaking.textContent = state.ofThisRun.textContent = "";
    state.ranking.begin(data);
  },

  take: {
    SummaryReady: (state, message) => { state.summary = message; },
    LeakReady: (state, message) => { state.leak = message; },
    LeakRefused: (state, message) => { state.leak = message; },
    PictureRefused: (state, { picture, reason }) => { state.refused.push(`${picture}: ${reason}`); state.picturesRefused += 1; },
    TruthRefused: (state, { picture, reason }) => state.refused.push(`${picture} only counts for scores that need no annotation: ${reason}`),
    LabelRefused: (state, { picture, reason }) => state.refused.push(`${picture} does not count for the accuracy: ${reason}`),
    MethodRefused: (state, { method, reason }) => state.refused.push(`${state.methods.get(method)?.label ?? method}: ${reason}`),
  },

  render(state) {
    const { summary, refused, data, sort, means } = state;
    state.root.dataset.state = summary ? "started" : "waiting";
    if (!summary) state.said.textContent = ended(state.job) ? "There are no scores: no picture was finished." : "The first means come with the first picture.";
    showLines(state.refusals, "Refused", refused);
    const shownAs = JSON.stringify([summary?.sequence, sort, data.run, refused.length]);
    if (!summary || state.shownAs === shownAs) return;
    state.shownAs = shownAs;
    const focused = means.getRootNode().activeElement?.dataset?.metric;
    means.replaceChildren(meansTable(state));
    if (focused) means.querySelector(`button[data-metric="${focused}"]`)?.focus();
    say(state.answer, answerOf(state));
    const accuracy = summary.accuracy ? ` ${summary.accuracy}.` : "";
    state.said.textContent = `Means over ${counted(summary.pictures, "picture")}${state.picturesRefused ? `; ${state.picturesRefused} refused` : ""}.${accuracy}${beyondEdge(state)}`;
    say(state.leaking, state.leak?.words ?? "");
    say(state.ofThisRun, data.of_this_run);
    state.bound.textContent = boundLine(summary.best_bound, state.methods);
    state.ranking.renew(summary);
  },

  end: (state) => state.ranking.stop(),

  further: ({ data }) => metricsOf(data).filter(({ direction }) => direction !== "none").map(({ name }) => rankingOf(data.run, name)),
});

const readingOf = (metrics) => (metrics.some(({ name }) => name === LEAK) ? [...READING, LEAK_READING] : READING);

// What any order of removal loses when the least important go first bounds the artifact, whoever made the order.
function boundLine(bound, methods) {
  if (!bound) return "";
  const interval = bound.low === null ? "" : ` (${between(bound.low, bound.high)})`;
  return `At most an area of ${fixed(bound.mean)}${interval} may be lost to perturbation artifact (tightest bound in this run, by ${methods.get(bound.method)?.label ?? bound.method}).`;
}

// A table wider than the page hides whole groups of scores.
function beyondEdge({ means, data }) {
  const others = data.groups.slice(1).map(({ title }) => title.split(":")[0].toLowerCase());
  return others.length && means.scrollWidth > means.clientWidth + 4 ? ` Scroll the table sideways for ${others.join(", ")}.` : "";
}

// The verdict is by the score that the table is sorted by, and stands beside the name, where no width cuts it off.
function meansTable(state) {
  const { summary, data, methods, sort } = state;
  const metrics = metricsOf(data);
  const found = new Map(summary.rows.map((row) => [`${row.method} ${row.metric}`, row]));
  const names = [...new Set(summary.rows.map(({ method }) => method))];
  const extents = new Map(metrics.map(({ name }) => [name, extentOf(summary.rows.filter((row) => row.metric === name), found.get(`random ${name}`))]));
  const wanted = metrics.find(({ name }) => name === sort.metric);
  names.sort((one, other) => inOrder(found.get(`${one} ${sort.metric}`), found.get(`${other} ${sort.metric}`), wanted, sort.best));
  return table({
    kind: "means", caption: `Means with 95 % intervals over ${counted(summary.pictures, "picture")}, sorted by ${wanted.symbol}, the ${sort.best ? "best" : "worst"} first`,
    heads: ["Method", head(`Verdict, ${wanted.symbol}`, { class: "judgement" }), ...grouped(data.groups, (metric) => meanHead(state, metric))],
    rows: names.map((name) => {
      const judged = found.get(`${name} ${sort.metric}`), control = methods.get(name)?.control;
      const [mark, words] = control ? MEAN_VERDICTS.control : verdictOf(judged, wanted);
      return [{ "data-method": name, "data-verdict": control ? "control" : judged?.verdict }, methodCell(methods.get(name), name), cell([sign(mark), words], { class: "judgement" }),
        ...metrics.map((metric) => (metric.name === LEAK ? leakCell : meanCell)(found.get(`${name} ${metric.name}`), metric, extents.get(metric.name), summary.pictures, state.leak))];
    }),
  });
}

function verdictOf(row, metric) {
  if (!row) return ["", "–"];
  if (metric.direction === "none" && row.verdict !== "control") return NO_JUDGEMENT;
  return row.verdict === "unclear" && row.n < FEWEST_JUDGED ? TOO_FEW : MEAN_VERDICTS[row.verdict] ?? ["", row.verdict];
}

// The better end first, unless turned; what has no score is last either way.
function inOrder(one, other, metric, best) {
  const value = (row) => row?.mean ?? null;
  if (value(one) === null || value(other) === null) return (value(one) === null) - (value(other) === null);
  const higherFirst = (metric.direction !== "lower") === best;
  return higherFirst ? other.mean - one.mean : one.mean - other.mean;
}

function meanHead(state, metric) {
  const { sort, redraw } = state;
  const mine = sort.metric === metric.name;
  const turned = mine ? ((metric.direction !== "lower") === sort.best ? "descending" : "ascending") : undefined;
  const turn = () => {
    state.sort = { metric: metric.name, best: mine ? !sort.best : true };
    redraw();
  };
  const byChance = metric.chance ? element("span", { class: "by-chance muted" }, `by chance ${metric.chance}`) : "";
  return sortHead(symbolOf(metric), turned, turn, { name: metric.name, title: meaning(metric) }, byChance);
}

function meanCell(row, metric, extent, pictures) {
  if (!row || row.mean === null) return cell("–", { title: "Undefined on every picture so far." });
  const [mark, words] = verdictOf(row, metric);
  const span = (low, high, how = written) => `${how(metric, low)} to ${how(metric, high)}`;
  const interval = row.low === null ? "" : span(row.low, row.high, writtenShare);
  const few = row.n < pictures ? `n ${row.n}` : "";
  const gap = row.difference === null || row.method === "random" ? "" : `; difference to the random control ${written(metric, row.difference)}${row.difference_low === null ? "" : `, ${span(row.difference_low, row.difference_high)}`}`;
  return cell([
    element("span", { class: "mean" }, intervalBar(row, extent), writtenShare(metric, row.mean), sign(mark), element("span", { class: "hidden" }, ` ${words}`)),
    element("span", { class: "interval muted" }, [interval, few].filter(Boolean).join(" · ") || "one picture"),
  ], { title: `${capital(words)}${gap}; n ${row.n}` });
}

function leakCell(row, metric, extent, pictures, leak) {
  if (!row) return cell("–", { title: leak ? "The leak of this method is unavailable." : LEAK_COMES_LAST });
  const made = meanCell(row, metric, extent, pictures);
  made.title = leak?.methods?.[row.method] ?? "";
  if (row.chance !== null && row.chance !== undefined) made.append(element("span", { class: "interval muted" }, `chance ${writtenShare(metric, row.chance)}`));  // studies that were kept before have none
  return made;
}
