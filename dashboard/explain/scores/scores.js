// The scores of all methods, the best first; those of several models in one table.

import { bestOf, verdictSign } from "../../components/heatmap_cards/fidelity_verdict.js";
import { intervalBar } from "../../components/kit/chart.js";
import { element, region, say, sign } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { grouped, metricHead, scoresExplained, written, writtenShare } from "../../components/kit/metric.js";
import { fixed, percent } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { cell, methodCell, table } from "../../components/kit/table.js";
import { highest } from "./highest.js";

const NO_SCORES = "No scores: the run ended before its perturbation test.";
const OF_CEILING = "ceiling_share";
const CHANCE = "Shaded: the range of 95 % of copies of this map, shifted, flipped and turned on this picture; for maps of superpixels, the moved map is averaged within each superpixel. With an artifact share near or above 100 % the curve says little about the map.";

export default component({
  mount(state) {
    state.followed = [];
    state.answer = element("p", { class: "answer", role: "status" });
    state.artifact = element("p", { class: "muted" });
    state.scores = region("Scores");
    state.ofThisRun = element("p", { class: "muted small" });
    state.explained = element("div", {}, element("p", { class: "muted small" }, CHANCE), scoresExplained(state.data.groups));
    return [state.answer, state.artifact, state.scores, state.ofThisRun, state.explained];
  },

  // After the runs the searches for their ceilings, as far as there are any.
  places: (state) => {
    const { runs } = state.data, before = state.followed.length === 2 * runs.length ? state.followed : [];
    const searches = runs.map(({ ceiling }, at) => {
      const search = before[runs.length + at];
      return search?.data.run === ceiling ? search : { data: { run: ceiling } };
    });
    return [...runs.map((data, at) => Object.assign(before[at] ?? {}, { data })), ...searches];
  },

  begin: (run) => Object.assign(run, { fidelities: new Map(), extra: new Map(), ceiling: null }),

  take: {
    FidelityReady: (run, message) => run.fidelities.set(message.method, message),
    ScoresReady: (run, { method, scores }) => run.extra.set(method, scores),
    CeilingReady: (run, { ceiling }) => { run.ceiling = ceiling; },
  },

  render(state) {
    const { data, followed } = state, runs = followed.slice(0, data.runs.length);
    runs.forEach((run, at) => { run.search = followed[runs.length + at]; });
    const shownAs = JSON.stringify([data, followed.map(({ fidelities, extra, ceiling, job }) => [[...fidelities.values()], [...extra], ceiling, ended(job)])]);
    if (state.shownAs === shownAs) return;
    state.shownAs = shownAs;
    const any = runs.some(({ fidelities }) => fidelities.size);
    say(state.answer, any ? (runs.length > 1 ? `${runs[0].data.title}: ` : "") + highest(runs[0]) : runs.every(({ job }) => ended(job)) ? NO_SCORES : "No scores yet: the perturbation test comes after the heatmaps.");
    say(state.artifact, any && runs.length === 1 ? artifactWords(runs[0].fidelities.get(bestOf(runs[0].data.methods, runs[0].fidelities)?.name)) : "");
    state.scores.replaceChildren(...(any ? [scoreTable(data.groups, runs)] : []));
    say(state.ofThisRun, any ? data.of_this_run : "");
  },
});

// A share of a drop is one only where there is a drop, and less of it goes to the artifact than the whole.
function artifactWords(best) {
  if (!best) return "";
  const { artifact_share: share, best_bound: bound } = best;
  if (bound <= 0) return "Removing the pixels that the best map ranks lowest does not lower the curve, so there may be no artifact.";
  const bounded = `At most an area of ${fixed(bound)} may be lost to perturbation artifact (tightest bound in this run).`;
  return share > 0 && share < 1 ? `Up to ${percent(share)} of the drop that it causes may be perturbation artifact. ${bounded}` : bounded;
}

// A row a method, in the order of the first model's F.
function scoreTable(groups, runs) {
  const known = new Map(runs.flatMap(({ data }) => data.methods.map((method) => [method.name, method])));
  const valueOf = (method) => runs.find(({ fidelities }) => fidelities.has(method))?.fidelities.get(method).value ?? -Infinity;
  const methods = [...known.keys()].filter((method) => runs.some(({ fidelities }) => fidelities.has(method))).sort((one, other) => valueOf(other) - valueOf(one));
  const over = runs.every(({ fidelities }) => [...fidelities.values()].every(({ final }) => final));
  const metrics = groups.flatMap((group) => group.metrics);
  const heads = runs.length === 1 ? grouped(groups, headOf) : runs.map(({ data }) => ({ title: data.title, heads: metrics.map(headOf) }));
  const extents = runs.map(({ fidelities }) => chanceExtent([...fidelities.values()]));
  return table({
    kind: "scores", captionKind: over ? "hidden" : "muted",
    caption: over ? "Scores of all methods, the best first" : "So far, from coarse curves: scores and verdicts may still change.",
    heads: ["Method", ...heads],
    rows: methods.map((method) => [{ "data-method": method }, methodCell(known.get(method), method),
      ...runs.flatMap((run, at) => metrics.map((metric) => (metric.name === OF_CEILING ? ceilingCell(metric, run, method) : scoreCell(metric, run.fidelities.get(method), run.extra.get(method), extents[at], ended(run.job)))))]),
  });
}

// F stands at the left of its cell, beside its verdict.
function headOf(metric) {
  const made = metricHead(metric);
  if (metric.name === "fidelity") made.classList.add("words");
  return made;
}

const chanceExtent = (scores) => ({ low: Math.min(0, ...scores.map(({ value, spread }) => Math.min(value, -(spread ?? 0)))), high: Math.max(0, ...scores.map(({ value, spread }) => Math.max(value, spread ?? 0))), random: 0 });

function scoreCell(metric, score, extra, extent, over) {
  if (!score) return cell("–", { class: "muted" });
  if (metric.name === "fidelity") return fidelityCell(score, extent);
  if (metric.name === "artifact_share") return cell(writtenShare(metric, score.artifact_share));
  if (metric.name in score) return cell(written(metric, score[metric.name]));
  if (!extra) return over ? cell("–", { class: "muted", title: "The run ended before this score." }) : cell("…", { class: "muted" });
  const value = extra[metric.name];
  return cell(written(metric, value), { title: value === null || value === undefined ? "Undefined here." : undefined });
}

// F as a share of the ceiling, once that is found; a map that scores as badly as none at all has no part of it.
function ceilingCell(metric, { search }, method) {
  const { ceiling, job, data } = search;
  if (!ceiling) return cell(data.run && !ended(job) ? "…" : "–", { class: "muted" });
  const share = ceiling.shares[method];
  return cell(writtenShare(metric, share), { title: share === null ? ceiling.sentence : undefined });
}

// What chance reaches lies around 0, not around the score; of a control it is not asked.
function fidelityCell(score, extent) {
  const { value, spread } = score;
  const byChance = spread !== null;
  return cell([
    element("span", { class: "f" }, fixed(value), sign(verdictSign(score)), element("span", { class: "muted" }, score.words)),
    intervalBar({ mean: value, low: null, high: null }, extent, byChance ? [-spread, spread, `Moved copies of this map: up to ${fixed(spread)}`] : null),
    byChance ? element("span", { class: "hidden" }, ` chance up to ${fixed(spread)}`) : null,
  ], { class: score.final ? "fidelity" : "fidelity muted" });
}
