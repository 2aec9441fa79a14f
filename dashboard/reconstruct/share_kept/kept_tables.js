// The methods by their gap, with the share kept for each size of the hole; and the curves as numbers.

import { areaCell } from "../../components/kit/area_cell.js";
import { extentOf } from "../../components/kit/chart.js";
import { element, sign } from "../../components/kit/dom.js";
import { counted, percent } from "../../components/kit/numbers.js";
import { cell, head, methodCell, methodLabel, table, wordsCell } from "../../components/kit/table.js";
import { TOO_FEW } from "../../components/study_table/mean_verdicts.js";
import { REGION_WORDS } from "../variations/region_card.js";
import { MEASURES, REGION_LINES, keptPoints, numberAndInterval } from "./kept_curves.js";
import { GAP_STANDINGS, gapStanding } from "./kept_verdict.js";

export const GAPS = "Gap: share kept with the same shape elsewhere, less that with the region, averaged over the sizes. Higher is better; a random map has about 0. Bars are 95 % intervals over pictures. Below each share kept stands that with the same shape elsewhere.";

export function gapTable({ data, summary }) {
  const gaps = [...summary.gaps].sort((one, other) => other.gap.mean - one.gap.mean);
  const extent = extentOf(gaps.map(({ gap }) => gap), { mean: 0 });
  return table({
    kind: "gaps", caption: `Share kept over ${counted(summary.pictures, "picture")}, the largest gap first`,
    heads: ["Method", head("Verdict", { class: "words" }), "Gap", ...data.shares.map((share) => `${percent(share)} hidden`)],
    rows: gaps.map(({ method, gap }) => {
      const described = data.methods.find(({ name }) => name === method);
      const standing = gapStanding(gap), [mark, words] = summary.pictures < data.fewest ? TOO_FEW : GAP_STANDINGS[standing];
      return [{ "data-method": method, "data-standing": described?.control ? "control" : standing }, methodCell(described, method),
        cell([sign(mark), words], { class: "words" }), areaCell(gap, extent), ...data.shares.map((share) => keptCell(summary, method, share))];
    }),
  });
}

function keptCell(summary, method, share) {
  const [own, elsewhere] = ["salient", "random"].map((region) => keptPoints(summary, method, region, "kept").find((point) => point.share === share));
  if (!own) return "–";
  return cell([percent(own.mean), elsewhere ? element("span", { class: "interval muted" }, `elsewhere ${percent(elsewhere.mean)}`) : null]);
}

export function curvesTable({ data, summary }, measure) {
  const lines = data.methods.flatMap(({ name }) => Object.keys(REGION_LINES).map((region) => [name, region, keptPoints(summary, name, region, measure)]));
  return table({
    kind: "curves", caption: MEASURES[measure].title, captionKind: "caption",
    heads: ["Method", head("Region", { class: "words" }), ...data.shares.map((share) => `${percent(share)} hidden`)],
    rows: lines.filter(([, , points]) => points.length).map(([name, region, points]) => [{}, methodLabel(data.methods, name), wordsCell(REGION_WORDS[region].title),
      ...data.shares.map((share) => { const point = points.find((each) => each.share === share); return point ? numberAndInterval(measure, point) : "–"; })]),
  });
}
