// The methods by their area to random removal, with its interval over pictures and its range over networks.

import { areaCell } from "../../components/kit/area_cell.js";
import { extentOf } from "../../components/kit/chart.js";
import { sign } from "../../components/kit/dom.js";
import { between, counted } from "../../components/kit/numbers.js";
import { cell, head, methodCell, methodLabel, table } from "../../components/kit/table.js";
import { MEAN_VERDICTS, TOO_FEW } from "../../components/study_table/mean_verdicts.js";

export const AREAS = "Area when removed: accuracy with random removal minus accuracy without what the method ranks high, averaged over all shares. Area when kept: the reverse difference with only that kept. Higher is better in both; random removal has 0. Bars are 95 % intervals over pictures.";

export function areaTable({ data, ready }) {
  const { verdicts, pictures } = ready;
  const extents = Object.fromEntries(["removal", "keeping"].map((form) => [form, extentOf(verdicts.map((each) => each[form].over_pictures), { mean: 0 })]));
  return table({
    kind: "areas", caption: `Areas over ${counted(pictures, "picture")}, the largest first`,
    heads: ["Method", head("Verdict", { class: "words" }), "Area when removed", head("Over networks", { title: "The smallest and the largest area of a single network." }), "Area when kept"],
    rows: verdicts.map(({ method, removal, keeping, standing, unbeaten }) => {
      const [mark, words] = pictures < data.fewest && standing !== "control" ? TOO_FEW : standingInWords(data, standing, unbeaten);
      return [{ "data-method": method, "data-standing": standing }, methodCell(data.methods.find(({ name }) => name === method), method),
        cell([sign(mark), words], { class: "words" }), areaCell(removal.over_pictures, extents.removal),
        removal.by_seed.length > 1 ? between(Math.min(...removal.by_seed), Math.max(...removal.by_seed)) : "–", areaCell(keeping.over_pictures, extents.keeping)];
    }),
  });
}

export function standingInWords(data, standing, unbeaten) {
  const [mark, words] = MEAN_VERDICTS[standing];
  return [mark, standing === "edge" && unbeaten ? `not clearly better than the ${methodLabel(data.methods, unbeaten)} control` : words];
}
