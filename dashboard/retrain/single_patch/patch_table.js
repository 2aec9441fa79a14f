// Method by network: the verdict, the score with its interval and the range over copies; then how networks differ.

import { areaCell } from "../../components/kit/area_cell.js";
import { extentOf } from "../../components/kit/chart.js";
import { sign } from "../../components/kit/dom.js";
import { between } from "../../components/kit/numbers.js";
import { cell, head, methodCell, table } from "../../components/kit/table.js";
import { TOO_FEW } from "../../components/study_table/mean_verdicts.js";
import { standingInWords } from "../fine_tune/removal_table.js";

const GAP_SIGNS = { 1: "▲", 0: "–", [-1]: "▼" };
const GAP_WORDS = { 1: "significantly higher", 0: "no significant difference", [-1]: "significantly lower" };

export const scoreKey = (network, method) => `${network} ${method}`;
export const gapKey = (method, first, second) => `${method} ${first} ${second}`;

export function patchTable({ data, gaps }, rows, networks) {
  const extent = extentOf(rows.flatMap(({ scores }) => scores.filter(Boolean)).map(({ score }) => score.over_pictures), { mean: 0 });
  const pairs = networks.flatMap((first, at) => networks.slice(0, at).map((second) => ({ first, second })));
  const known = [...gaps.values()].map(({ gap }) => gap.over_pictures), apart = known.length ? extentOf(known, { mean: 0 }) : null;
  return table({
    kind: "scores", attributes: { "data-networks": networks.length }, caption: "Rank correlations by method, the highest first",
    heads: ["Method",
      ...networks.map(({ label }) => ({ title: label, heads: [head("Verdict", { class: "words" }), "Rank correlation", ...(data.copies > 1 ? [head("Over copies", { title: "The smallest and the largest score of a single copy." })] : [])] })),
      ...(pairs.length ? [{ title: "Difference, on the same pictures", heads: pairs.map(({ first, second }) => `${first.label} minus ${second.label}`) }] : [])],
    rows: rows.map(({ method, scores }) => [{ "data-method": method.name }, methodCell(method, method.name),
      ...scores.flatMap((score) => scoreCells(score, data, extent)),
      ...pairs.map(({ first, second }) => gapCell(gaps.get(gapKey(method.name, first.name, second.name)), apart))]),
  });
}

function scoreCells(found, data, extent) {
  const columns = data.copies > 1 ? 3 : 2;
  if (!found) return Array.from({ length: columns }, () => cell("–"));
  const { score, standing, pictures } = found;
  const [mark, words] = pictures < data.fewest && standing !== "control" ? TOO_FEW : standingInWords(data, standing, found);
  return [cell([sign(mark), words], { class: "words", "data-standing": standing }), areaCell(score.over_pictures, extent),
    ...(columns === 3 ? [between(Math.min(...score.by_seed), Math.max(...score.by_seed))] : [])];
}

// 1 or -1 where the interval and every copy agree on the sign, else 0.
export function gapAgrees({ gap: { over_pictures: { low, high }, by_seed } }) {
  if (low === null) return 0;
  if (low > 0 && Math.min(...by_seed) > 0) return 1;
  return high < 0 && Math.max(...by_seed) < 0 ? -1 : 0;
}

function gapCell(found, extent) {
  if (!found) return cell("–");
  const made = areaCell(found.gap.over_pictures, extent), agrees = gapAgrees(found);
  made.firstChild.prepend(sign(GAP_SIGNS[agrees]));
  made.title = GAP_WORDS[agrees];
  return made;
}
