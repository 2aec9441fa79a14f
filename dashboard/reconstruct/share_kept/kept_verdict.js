// Whether what the maps mark matters more than the same shape elsewhere, by the gaps and their intervals over pictures.

import { counted } from "../../components/kit/numbers.js";
import { methodLabel } from "../../components/kit/table.js";

export const GAP_STANDINGS = {
  more: ["▲", "matters more than elsewhere"],
  less: ["▼", "matters less than elsewhere"],
  unclear: ["–", "no clear difference"],
};

export const gapStanding = ({ low, high }) => (low > 0 ? "more" : low !== null && high < 0 ? "less" : "unclear");

// Controls ignore the model: what they mark is no finding.
export function keptVerdict({ data, summary }) {
  const controls = new Set(data.methods.filter(({ control }) => control).map(({ name }) => name));
  const judged = summary.gaps.filter(({ method }) => !controls.has(method));
  if (!judged.length) return "No verdict: no heatmap could be judged.";
  if (summary.pictures < data.fewest) return `Unclear: a verdict needs at least ${data.fewest} pictures.`;
  const more = judged.filter(({ gap }) => gapStanding(gap) === "more");
  if (!more.length) return "No method marks regions that clearly matter more than random ones.";
  if (more.length === 1) return `${methodLabel(data.methods, more[0].method)} marks regions that matter more than random ones.`;
  return `${more.length} of ${counted(judged.length, "method")} mark regions that matter more than random ones.`;
}
