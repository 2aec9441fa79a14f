// What else is known of each metric, a row each: agreement of pictures, what the look of maps explains, consistency under
// changes, the choices that change the winner, and the truth anchor.

import { areaCell } from "../../components/kit/area_cell.js";
import { symbolOf } from "../../components/kit/metric.js";
import { capital, fixed, percent } from "../../components/kit/numbers.js";
import { cell, head, methodLabel, table, wordsCell } from "../../components/kit/table.js";

const FROM_NONE_TO_ALL = { low: 0, high: 1, random: null };
const FROM_OPPOSITE = { low: -1, high: 1, random: 0 };
const MAP_LOOKS = { gini: "Sparsity", total_variation: "Total variation", both: "Both" };
const CHOICES = { imputer: "Imputer", unit: "Removal unit", y: "Curve value", sign: "Sign: channel reduction", target: "Explained class" };
const KINDS_OF_CONTROL = ["constant metric", "random metric"];

export const ALPHA_MEANS = "Krippendorff's alpha: how far the pictures agree on the order of the methods by this metric. 1: the same order on every picture; 0: as by chance. Bars are 95 % intervals; the last column is the number of pictures for an interval of ± 0.05.";
export const EXPLAINED_MEANS = "Sparsity (Gini index: in how few pixels the values lie) and total variation (how much neighbours differ) describe the look of a map, not what it shows. Share of the metric's differences between methods that they explain (R² of ranks within each picture), with its 95 % interval. The thin mark, and the last column: what the looks of other methods would explain in one case of twenty; less is no finding.";
export const CONSISTENCY_MEANS = "Little noise must not change what a metric says; noise that breaks the predictions must make scores worse. Ideal is 1 in every column. A constant and a random metric run along as controls: where a metric does no better than these, the column says nothing about it.";
export const CHOICES_MEAN = "One choice of the study is changed at a time. Flipped: the share of resamples of pictures in which another method has the best mean F. By chance: how often resampling alone changes the winner; a share that is not above this may be the choice of pictures.";
export const ANCHOR_MEANS = "A network that was trained to see a small stamp: the right map is known. Spearman's correlation of the methods' mean scores by the metric and by the truth (AUROC: how often a pixel of the stamp ranks above another). 1: the metric ranks the methods as the truth does. The interval is over pictures; other methods could give another value.";

const estimateCell = (estimate, extent) => (estimate.mean === null ? "–" : areaCell(estimate, extent));
const valueCell = ({ value, low, high }, extent) => estimateCell({ mean: value, low, high }, extent);
const symbolIn = (metrics, name) => (metrics.has(name) ? symbolOf(metrics.get(name)) : capital(name));

// In the order in which metrics are listed everywhere, the controls last.
function inTheirOrder(rows, metrics) {
  const places = [...metrics.keys()], place = ({ metric }) => (metrics.has(metric) ? places.indexOf(metric) : places.length);
  return [...rows].sort((one, other) => place(one) - place(other));
}

export function alphaTable(rows, metrics) {
  const ends = rows.flatMap(({ low, value }) => [low, value]).filter((end) => end !== null);
  const extent = { low: Math.min(0, ...ends), high: 1, random: 0 };
  return table({
    kind: "alphas figures", caption: "Krippendorff's alpha of each metric",
    heads: ["Metric", "Alpha", "Pictures", head("Pictures for ± 0.05", { class: "wrapped" })],
    rows: inTheirOrder(rows, metrics).map((row) => [{ "data-metric": row.metric }, symbolIn(metrics, row.metric), valueCell(row, extent), row.n, row.needed === null ? "–" : row.needed.toLocaleString("en")]),
  });
}

export function explainedTable(rows, metrics) {
  const names = [...new Set(inTheirOrder(rows, metrics).map(({ metric }) => metric))];
  return table({
    kind: "explained figures", caption: "Share of each metric that the look of the maps explains",
    heads: ["Metric", ...Object.values(MAP_LOOKS), head("Both, by chance", { class: "wrapped" })],
    rows: names.map((name) => {
      const own = Object.keys(MAP_LOOKS).map((by) => rows.find((row) => row.metric === name && row.by === by));
      return [{ "data-metric": name }, symbolIn(metrics, name), ...own.map((row) => valueCell({ value: row.share, ...row }, { ...FROM_NONE_TO_ALL, random: row.chance })), own.at(-1).chance === null ? "–" : percent(own.at(-1).chance)];
    }),
  });
}

export function consistencyTable(rows, metrics, change) {
  const ofChange = inTheirOrder(rows.filter((row) => row.change === change), metrics);
  const by = (low) => (estimate) => estimateCell(estimate, { ...FROM_NONE_TO_ALL, low });
  return table({
    kind: "consistency figures", caption: `Consistency of each metric under noise on the ${change}`,
    heads: ["Metric",
      { title: "Little noise", heads: [head("Scores stay", { title: "1 − |2 AUROC − 1| of clean against changed scores, mean over methods" }), head("Ranking stays, τ", { title: "Kendall's tau-b of the methods' rankings before and after, mean over pictures" })] },
      { title: "Noise that breaks predictions", heads: [head("Scores move", { title: "|2 AUROC − 1| of clean against changed scores, mean over methods" }), head("Scores get worse", { title: "Share of scores that get worse in the metric's direction, equal ones counting half" })] }],
    rows: ofChange.map((row) => [{ "data-metric": row.metric, "data-standing": KINDS_OF_CONTROL.includes(row.metric) ? "control" : undefined },
      KINDS_OF_CONTROL.includes(row.metric) ? `${capital(row.metric)} (control)` : symbolIn(metrics, row.metric), by(0)(row.minor_intra), by(-1)(row.minor_inter), by(0)(row.disruptive_intra), estimateCell(row.disruptive_inter, { ...FROM_NONE_TO_ALL, random: 0.5 })]),
  });
}

const sized = (level, holds, words) => (level === null ? `no level that was tried ${words}` : `${Number(level.toPrecision(2))} (${percent(holds)} of the predictions hold)`);

export function sizesInWords(sizes) {
  const parts = [["picture", "of the pixel range"], ["weights", "of each weight"]].map(([name, unit]) => {
    const { minor, disruptive, minor_holds: holds, disruptive_holds: left } = sizes[name];
    return `${capital(name)}, in standard deviations ${unit}: little ${sized(minor, holds, "is little enough")}; breaking ${sized(disruptive, left, "breaks enough predictions")}.`;
  });
  return parts.join(" ");
}

export const choicesTable = (rows, methods, words) => table({
  kind: "choices-made figures", caption: "Which choice changes the best method by F",
  heads: ["Choice changed", head("To", { class: "words" }), head("Best method", { class: "words" }), head("Best method then", { class: "words" }), "Flipped", "By chance"],
  rows: rows.map(({ choice, value, winner, otherwise, share, by_chance: chance, n }) => [{ "data-flips": String(n > 0 && winner !== otherwise && share > chance) },
    CHOICES[choice] ?? choice, wordsCell(words[choice]?.[value] ?? value), ...[winner, otherwise].map((name) => wordsCell(name ? methodLabel(methods, name) : "–")),
    share === null ? "–" : percent(share), chance === null ? "–" : percent(chance)]),
});

export const anchorTable = (rows, metrics) => table({
  kind: "anchors figures", caption: "How each metric's ranking of the methods agrees with the known truth",
  heads: ["Metric", "Agreement", "Methods", "Pictures"],
  rows: inTheirOrder(rows, metrics).map((row) => [{ "data-metric": row.metric }, symbolIn(metrics, row.metric), valueCell(row, FROM_OPPOSITE), row.methods, cell(String(row.n))]),
});

export const anchorRange = (rows) => {
  const known = rows.filter(({ value }) => value !== null);
  const agreeing = known.filter(({ low }) => low !== null && low > 0).length, against = known.filter(({ high }) => high !== null && high < 0).length;
  return `${agreeing} of ${known.length} metrics rank the methods as the truth does, ${against} against it (whole interval)${known.length ? `; from ${fixed(Math.min(...known.map(({ value }) => value)))} to ${fixed(Math.max(...known.map(({ value }) => value)))}` : ""}.`;
};
