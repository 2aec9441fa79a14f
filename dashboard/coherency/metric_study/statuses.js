// What is known of each metric itself: its status with the reasons, and the count of them as a sentence.

import { folded, sign } from "../../components/kit/dom.js";
import { meaning, symbolOf } from "../../components/kit/metric.js";
import { counted } from "../../components/kit/numbers.js";
import { cell, head, table } from "../../components/kit/table.js";

const STATUSES = {
  sound: ["▲", "sound"],
  biased: ["▼", "biased"],
  undecided: ["–", "undecided"],
};
export const STATUS_MEANS = "Sound: every check below that was made is passed. Biased: a check shows how. Undecided: the sentence says what is missing. Arrows: the better direction of the metric.";
const AT_ONCE = 2;
const STATUS_ORDER = Object.keys(STATUSES);

export function statusVerdict({ rows }) {
  const [sound, biased, undecided] = STATUS_ORDER.map((name) => rows.filter(({ verdict }) => verdict === name).length);
  const others = [[biased, "biased"], [undecided, "undecided"]].filter(([count]) => count).map(([count, words]) => `${count} ${words}`).join(", ");
  if (!sound) return `No metric is sound: ${others}.`;
  return others ? `${sound} of ${counted(rows.length, "metric")} ${sound === 1 ? "is" : "are"} sound; ${others}.` : `All ${rows.length} metrics are sound.`;
}

export const statusTable = ({ metrics, statuses }) => table({
  kind: "statuses", caption: `Status of each metric over ${counted(statuses.pictures, "picture")}`,
  heads: ["Metric", head("Status", { class: "words" }), head("How it is biased, or what is missing", { class: "words" })],
  rows: inOrderOfStatus(statuses.rows, metrics).map(({ metric, verdict, reasons }) => {
    const [mark, words] = STATUSES[verdict];
    return [{ "data-metric": metric, "data-status": verdict }, symbolOf(metrics.get(metric)), cell([sign(mark), words], { class: "words", title: meaning(metrics.get(metric)) }), reasonsCell(reasons)];
  }),
});

const reasonsCell = (reasons) => cell([
  reasons.slice(0, AT_ONCE).join(" ") || "Passes every check that was made.",
  reasons.length > AT_ONCE ? folded(`${reasons.length - AT_ONCE} more`, reasons.slice(AT_ONCE).join(" ")) : "",
], { class: "words reasons" });

// Those of one status in the order in which the metrics are chosen.
function inOrderOfStatus(rows, metrics) {
  const places = [...metrics.keys()];
  return [...rows].sort((one, other) => STATUS_ORDER.indexOf(one.verdict) - STATUS_ORDER.indexOf(other.verdict) || places.indexOf(one.metric) - places.indexOf(other.metric));
}
