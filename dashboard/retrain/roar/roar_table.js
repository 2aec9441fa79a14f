// Method by share: the accuracy of retrained networks with its interval, below it the leak, and in words where that
// decides; the area to random removal or keeping with its verdict. Below a method its maps blurred and dilated.

import { areaCell } from "../../components/kit/area_cell.js";
import { extentOf } from "../../components/kit/chart.js";
import { element, sign } from "../../components/kit/dom.js";
import { between, counted, fixed, percent } from "../../components/kit/numbers.js";
import { cell, head, methodCell, table } from "../../components/kit/table.js";
import { MEAN_VERDICTS } from "../../components/study_table/mean_verdicts.js";
import { PROBED, SHARE_WORDS, leaksOpen, studyCell } from "./roar_curves.js";
import { isLeakHigher } from "./roar_words.js";

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
    rows: names.flatMap((name) => [methodRow(state, name, verdicts.get(name), extent), ...probeRows(state, name)]),
  });
}

function methodRow(state, name, verdict, extent) {
  const { data, form } = state, area = verdict?.[AREA_OF[form]];
  return [{ "data-method": name, "data-standing": verdict?.standing }, methodCell(data.methods.find((method) => method.name === name), name),
    ...(form === "roar" ? [verdictCell(state, verdict)] : []), area ? areaCell(area.over_pictures, extent) : cell("…"), ...shareCells(state, name)];
}

// The same maps blurred or dilated: what that changes stands where the method has its area.
function probeRows(state, name) {
  const { data, form } = state, [method] = data.methods.filter((each) => each.name === name);
  if (!method || method.control) return [];
  return (data.probes ?? []).map((probe) => {
    const found = state.ready?.probes?.find((each) => each.method === name && each.probe === probe && each.form === form);
    return [{ "data-method": name, "data-probe": probe }, element("th", { scope: "row", class: "probed" }, PROBED[probe]),
      ...(form === "roar" ? [cell("", { class: "words" })] : []), found ? changeCell(found.change.over_pictures) : cell("…"), ...shareCells(state, name, probe)];
  });
}

const changeCell = ({ mean, low, high }) => cell([
  element("span", { class: "mean" }, `${mean > 0 ? "+" : ""}${fixed(mean)}`),
  element("span", { class: "interval muted" }, low === null ? "change" : `change, ${between(low, high)}`),
]);

const shareCells = ({ data, form, accuracies, ready }, method, probe) => data.fractions.map((fraction) => shareCell(accuracies.get(studyCell({ method, form, fraction, probe })), data, ready));

function verdictCell(state, verdict) {
  if (!verdict || (verdict.standing !== "control" && leaksOpen(state, verdict.method))) return cell("…", { class: "words" });
  if (verdict.leak_decides) return cell([sign("≈"), LEAK_DECIDES], { class: "words" });
  const [mark, words] = MEAN_VERDICTS[verdict.standing];
  return cell([sign(mark), words], { class: "words" });
}

function shareCell(found, { leak, seeds }, ready) {
  if (!found) return cell("…");
  const { over_pictures: { mean, low, high }, by_seed } = found.retrained;
  const fewer = ready?.final && by_seed.length < seeds;
  return cell([
    element("span", { class: "mean" }, percent(mean)),
    element("span", { class: "interval muted" }, low === null ? "" : `${Math.round(100 * low)} to ${percent(high)}`),
    fewer ? element("span", { class: "interval muted" }, counted(by_seed.length, "seed")) : null,
    leak ? element("span", { class: found.leak_decides ? "leak decides" : "leak" }, found.leak ? leakInWords(found) : "leak …") : null,
  ], { title: cellTitle(found) });
}

// Where the intervals do not overlap, that it decides would not say that it is higher.
const leakInWords = (found) => `leak ${percent(found.leak.over_pictures.mean)}${!found.leak_decides ? "" : isLeakHigher(found) ? " is higher" : " decides"}`;

const cellTitle = ({ retrained, unadapted, leak }) => [
  ["Retrained", retrained], ["Without retraining", unadapted], ["Leak", leak],
].filter(([, each]) => each).map(([words, { over_pictures: { mean, low, high }, by_seed }]) => `${words}: ${percent(mean)}${low === null ? "" : `, ${Math.round(100 * low)} to ${percent(high)}`}${by_seed.length > 1 ? `; by seed ${by_seed.map(percent).join(", ")}` : ""}`).join(". ");
