// What a table of means says of the methods, in a sentence.

import { counted } from "../kit/numbers.js";

export const FEWEST_JUDGED = 5;
export const LEAST_AREA = 0.01;  // of area: less is no finding on one picture either
export const HARDLY_REACTS = "Every F is near 0: the model hardly reacts to these classes.";

export const metricsOf = ({ groups }) => groups.flatMap(({ metrics }) => metrics);

// By the score that the table is sorted by; nothing of one that does not judge, or before it may.
export function answerOf({ summary, data, methods, sort }) {
  const { symbol, direction } = metricsOf(data).find(({ name }) => name === sort.metric);
  const judged = summary.rows.filter(({ method, metric }) => metric === sort.metric && !methods.get(method)?.control);
  if (sort.metric === "fidelity" && judged.length && judged.every(({ mean }) => Math.abs(mean) < LEAST_AREA)) return HARDLY_REACTS;
  if (direction === "none" || !judged.length || summary.pictures < FEWEST_JUDGED) return "";
  const better = judged.filter(({ verdict }) => verdict === "better").length;
  const are = better === 1 ? "is" : "are";
  const by = symbol.includes(" ") ? "this score" : symbol;  // the table names it too
  return better ? `By ${by}, ${better} of ${counted(judged.length, "method")} ${are} better than every control.` : `By ${by}, no method is better than every control.`;
}
