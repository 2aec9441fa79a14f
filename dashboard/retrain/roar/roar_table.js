// Method by share: the accuracy of retrained networks with its interval, below it the leak, and in words where that
// decides; the area to random removal or keeping with its verdict.

import { extentOf } from "../../components/kit/chart.js";
import { element, sign } from "../../components/kit/dom.js";
import { percent } from "../../components/kit/numbers.js";
import { cell, head, methodCell, table } from "../../components/kit/table.js";
import { MEAN_VERDICTS } from "../../components/study_table/mean_verdicts.js";
import { areaCell } from "../area_cell.js";
import { SHARE_WORDS, studyCell } from "./roar_curves.js";

const AREA_OF = { roar: "removal", kar: "keeping" };
const LEAK_DECIDES = "the leak decides";

export function studyTable(state) {
  const { data, ready, form } = state, verdicts = new Map((ready?.verdicts ?? []).map((each) => [each.method, each]));
  const areas = [...verdicts.values()].map((each) => each[AREA_OF[form]]).filter(Boolean).map(({ over_pictures }) => over_pictures);
  const extent = areas.length ? extentOf(areas, { mean: 0 }) : null;
  const names = [...verdicts.keys(), ...data.methods.map(({ name }) => name).filter((name) => !verdicts.has(name) && !state.refused.has(name))];
  return table({
    kind: "retrained", caption: `Accuracy of retrained networks by method and share ${SHARE_WORDS[form]}`,
    heads: ["Method", ...(form === "roar" ? [head("Verdict", { class: "words" })] : []), "Area to random", ...data.fractions.map((share) => `${percent(share)} ${SHARE_WORDS[form]}`)],
    rows: names.map((name) => {
      const verdict = verdicts.get(name), area = verdict?.[AREA_OF[form]];
      return [{ "data-method": name, "data-standing": verdict?.standing }, methodCell(data.methods.find((method) => method.name === name), name),
        ...(form === "roar" ? [verdictCell(state, name, verdict)] : []), area ? areaCell(area.over_pictures, extent) : cell("…"),
        ...data.fractions.map((fraction) => shareCell(state.accuracies.get(studyCell({ method: name, form, fraction })), data))];
    }),
  });
}

function verdictCell(state, name, verdict) {
  if (!verdict) return cell("…", { class: "words" });
  if (verdict.standing !== "control" && leakDecides(state, name)) return cell([sign("≈"), LEAK_DECIDES], { class: "words" });
  const [mark, words] = MEAN_VERDICTS[verdict.standing];
  return cell([sign(mark), words], { class: "words" });
}

// Whether the masks alone tell the class as well at any share that is removed.
export const leakDecides = ({ accuracies, data }, method) => data.fractions.some((fraction) => accuracies.get(studyCell({ method, form: "roar", fraction }))?.leak_decides);

function shareCell(found, { leak }) {
  if (!found) return cell("…");
  const { mean, low, high } = found.retrained.over_pictures;
  return cell([
    element("span", { class: "mean" }, percent(mean)),
    element("span", { class: "interval muted" }, low === null ? "" : `${Math.round(100 * low)} to ${percent(high)}`),
    leak ? element("span", { class: found.leak_decides ? "leak decides" : "leak" }, found.leak ? `leak ${percent(found.leak.over_pictures.mean)}${found.leak_decides ? " decides" : ""}` : "leak …") : null,
  ], { title: cellTitle(found) });
}

const cellTitle = ({ retrained, unadapted, leak }) => [
  ["Retrained", retrained], ["Without retraining", unadapted], ["Leak", leak],
].filter(([, each]) => each).map(([words, { over_pictures: { mean, low, high }, by_seed }]) => `${words}: ${percent(mean)}${low === null ? "" : `, ${Math.round(100 * low)} to ${percent(high)}`}${by_seed.length > 1 ? `; by seed ${by_seed.map(percent).join(", ")}` : ""}`).join(". ");
