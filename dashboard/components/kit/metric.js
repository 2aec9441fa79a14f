// Scores as the page shows them: what each means, the head of its column, and a value of it.

import { element, glossary } from "./dom.js";
import { capital, fixed, percent } from "./numbers.js";
import { head } from "./table.js";

export const symbolOf = (metric) => [metric.symbol, metric.arrow].filter(Boolean).join(" ");

export const meaning = ({ summary, better, random }) => `${summary} ${capital(better)}. A random map: ${random}.`;

export const metricHead = (metric) => head(symbolOf(metric), { title: meaning(metric) });

// The columns of a table whose scores come in groups; `headOf` makes the head of a score.
export const grouped = (groups, headOf = metricHead) => groups.map(({ title, metrics }) => ({ title, heads: metrics.map(headOf) }));

export const written = (metric, value) => (value === null || value === undefined ? "–" : metric.percent ? percent(value) : fixed(value));

// A share of a drop may come out below none or above all, where the drop is small: how far beyond says nothing.
export const writtenShare = (metric, value) => (metric.percent && value < 0 ? "< 0 %" : metric.percent && value > 1 ? "> 100 %" : written(metric, value));

// All scores of a table in words, with their papers.
export const scoresExplained = (groups) => glossary("What the scores mean", groups.flatMap(({ title, metrics }) => [
  element("dt", { class: "group" }, title),
  ...metrics.map((metric) => element("dd", {}, element("strong", {}, symbolOf(metric)), ` ${meaning(metric)} `, element("span", { class: "muted" }, metric.paper))),
]));
