// Which methods a score tells apart: mean ranks over pictures, and brackets around those whose difference is open.

import { element, region, selection } from "../kit/dom.js";
import { counted, fixed } from "../kit/numbers.js";
import { rankDiagram } from "../kit/rank_diagram.js";
import { served } from "../kit/served.js";
import { table, wordsCell, head } from "../kit/table.js";

const SECONDS_BETWEEN = 1;
const SURE = 0.05;

export const rankingOf = (run, metric) => `/api/jobs/${run}/ranking?metric=${metric}`;

export function makeRanking() {
  const state = { metric: null, seen: 0 };
  const picker = element("span");
  const drawing = region("Mean ranks");
  const said = element("p", { class: "muted small", role: "status" });
  const pairs = element("details", { hidden: true });
  const place = element("details", { class: "ranked", hidden: true, ontoggle: () => ask() }, element("summary", {}, "Ranking by one score"), element("p", { class: "field" }, element("span", { class: "muted", "aria-hidden": "true" }, "Score"), picker), drawing, said, pairs);

  function clear(words) {
    drawing.replaceChildren();
    pairs.hidden = true;
    said.textContent = words;
  }

  function begin(data) {
    const metrics = data.groups.flatMap((group) => group.metrics).filter(({ direction }) => direction !== "none");
    state.data = data;
    state.labels = new Map(data.methods.map(({ name, label, control }) => [name, control ? `${label} (control)` : label]));
    if (!metrics.some(({ name }) => name === state.metric)) state.metric = metrics[0]?.name;
    picker.replaceChildren(selection("Score to rank by", metrics.map(({ name, symbol }) => [name, symbol]), state.metric, (metric) => { state.metric = metric; ask(); }));
    clear("");
    place.hidden = true;
  }

  // While pictures still come, the last ones wait for their turn.
  function renew(summary) {
    state.metrics = new Set(summary.rows.map(({ metric }) => metric));
    place.hidden = !state.metrics.has(state.metric);
    clearTimeout(state.waiting);
    state.waiting = setTimeout(ask, Math.max(0, 1000 * SECONDS_BETWEEN - (performance.now() - state.seen)));
  }

  async function ask() {
    state.seen = performance.now();
    const { metric, data } = state;
    if (!metric || !data || !place.open) return;
    const answer = await fetch(served(rankingOf(data.run, metric))).catch(() => null);
    if (!answer || state.metric !== metric || state.data !== data) return;
    const ranking = await answer.json();
    if (answer.ok) show(ranking);
    else clear(ranking.error);
  }

  function show(ranking) {
    const label = (method) => state.labels.get(method) ?? method;
    drawing.replaceChildren(rankDiagram(ranking, label));
    said.textContent = rankWords(ranking);
    pairs.hidden = false;
    pairs.replaceChildren(element("summary", {}, "Every pair"), pairTable(ranking, label));
  }

  return { place, begin, renew, stop: () => clearTimeout(state.waiting) };
}

function rankWords({ pairs, n, enough, friedman }) {
  const differ = pairs.filter(({ adjusted }) => adjusted < SURE).length;
  const even = friedman === null ? "" : friedman < SURE ? " The methods differ (Friedman's test)." : " The methods may all be equal (Friedman's test).";
  return `Mean rank over ${counted(n, "picture")} with every score; 1 is the best. A bracket joins methods that do not differ significantly (Wilcoxon's test, Holm's correction for ${counted(pairs.length, "pair")}). ${n < enough ? `With this many pairs, no difference can be significant below ${enough} pictures.` : `${counted(differ, "pair")} ${differ === 1 ? "differs" : "differ"}.`}${even}`;
}

const pairTable = ({ pairs }, label) => table({
  caption: "Pairs of methods",
  heads: ["Better mean rank", head("Compared with", { class: "words" }), "Mean difference", "p, Holm-corrected", "n"],
  rows: pairs.map(({ first, second, difference, adjusted, n }) => [{ class: adjusted < SURE ? undefined : "muted" },
    label(first), wordsCell(label(second)), fixed(difference), adjusted < 0.001 ? "< 0.001" : adjusted.toFixed(3), n]),
});
