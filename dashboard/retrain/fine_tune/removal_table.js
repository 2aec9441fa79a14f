// The methods by their area to random removal, with its interval over pictures and its range over networks.

import { areaCell } from "../../components/kit/area_cell.js";
import { extentOf } from "../../components/kit/chart.js";
import { sign } from "../../components/kit/dom.js";
import { between, counted } from "../../components/kit/numbers.js";
import { cell, head, methodCell, methodLabel, table } from "../../components/kit/table.js";
import { MEAN_VERDICTS, TOO_FEW } from "../../components/study_table/mean_verdicts.js";

export const AREAS = "Area when removed: accuracy with random removal minus accuracy without what the method ranks high, averaged over all shares. Area when kept: accuracy with only what the method ranks high minus accuracy with as much kept at random. Higher is better in both; random removal has 0. Bars are 95 % intervals over pictures.";

const WORSE_THAN_A_CONTROL = "▽";

export function areaTable({ data, ready }) {
  const { verdicts, pictures } = ready;
  const extents = Object.fromEntries(["removal", "keeping"].map((form) => [form, extentOf(verdicts.map((each) => each[form].over_pictures), { mean: 0 })]));
  return table({
    kind: "areas", caption: `Areas over ${counted(pictures, "picture")}, the largest first`,
    heads: ["Method", head("Verdict", { class: "words" }), "Area when removed", head("Over networks", { title: "The smallest and the largest area of a single network." }), "Area when kept"],
    rows: verdicts.map(({ method, removal, keeping, standing, ...rivals }) => {
      const [mark, words] = pictures < data.fewest && standing !== "control" ? TOO_FEW : standingInWords(data, standing, rivals);
      return [{ "data-method": method, "data-standing": standing }, methodCell(data.methods.find(({ name }) => name === method), method),
        cell([sign(mark), words], { class: "words" }), areaCell(removal.over_pictures, extents.removal),
        removal.by_seed.length > 1 ? between(Math.min(...removal.by_seed), Math.max(...removal.by_seed)) : "–", areaCell(keeping.over_pictures, extents.keeping)];
    }),
  });
}

// Worse than random says more than worse than another control.
export function standingInWords(data, standing, { unbeaten, beaten_by: winner }) {
  const [mark, words] = MEAN_VERDICTS[standing], control = (name) => `the ${methodLabel(data.methods, name)} control`;
  if (winner && winner !== "random" && standing !== "worse") return [WORSE_THAN_A_CONTROL, `worse than ${control(winner)}`];
  return [mark, standing === "edge" && unbeaten ? `not clearly better than ${control(unbeaten)}` : words];
}
