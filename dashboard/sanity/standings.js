// How the methods stand: a word each, the count of each word, and a line a method with its figures; the least similar
// to the trained network's map first, and after all methods the controls.

import { intervalBar } from "../components/kit/chart.js";
import { element, sign } from "../components/kit/dom.js";
import { between, counted, fixed, soFar } from "../components/kit/numbers.js";
import { cell, head, methodCell, table } from "../components/kit/table.js";

const STANDINGS = { fails: ["▼", "fails"], unclear: ["–", "unclear"], passes: ["▲", "passes"] };
const OF_SEVERAL = { fails: "fail", unclear: "unclear", passes: "pass" };
export const CUT_SHORT = "No verdict: the run ended before all results were known.";
const standingWords = ({ standing, final }) => STANDINGS[standing][1] + (final ? "" : ", so far");

export const showStanding = (place, verdict, control) => {
  place.dataset.standing = verdict.standing;
  place.classList.toggle("of-control", Boolean(control));
  place.replaceChildren(sign(STANDINGS[verdict.standing][0]), standingWords(verdict));
};

export function standingOf(verdict, control) {
  const made = element("span", { class: "standing" });
  showStanding(made, verdict, control);
  return made;
}

// `half` is the similarity that the criterion turns on; `over` is what n counts.
export function standingsTable(methods, verdicts, similarity, half, over) {
  const rows = methods.filter(({ name }) => verdicts.has(name)).map((method) => ({ method, verdict: verdicts.get(method.name) }));
  rows.sort((one, other) => Number(one.method.control) - Number(other.method.control) || (one.verdict.mean.value ?? 2) - (other.verdict.mean.value ?? 2));
  const ends = rows.flatMap(({ verdict }) => [...Object.values(verdict.mean), ...Object.values(verdict.last), ...(verdict.chance ?? [])]).filter((value) => value !== null);
  const extent = { low: Math.min(0, ...ends), high: Math.max(1, ...ends), random: half };
  return table({
    kind: "standings", caption: "Verdicts: methods, then controls, the map that changes most first",
    heads: ["Method", head("Verdict", { class: "verdict-cell" }), { title: similarity, heads: ["mean over stages", "fully randomised"] }, over],
    rows: rows.map(({ method, verdict }) => [{ "data-method": method.name, "data-standing": verdict.standing, title: verdict.sentence },
      methodCell(method, method.name), cell([standingOf(verdict, method.control)], { class: "verdict-cell" }),
      similarityCell(verdict.mean, verdict.chance, extent), similarityCell(verdict.last, verdict.chance, extent),
      cell([verdict.n, verdict.blank ? element("span", { class: "muted small", title: "Maps of randomised networks that were constant or refused" }, ` · ${counted(verdict.blank, "blank map")}`) : ""])]),
  });
}

// A similarity on a line from unlike to alike, a thin mark at half; a shade where copies of the map lie that stand elsewhere.
function similarityCell({ value, low, high }, chance, extent) {
  if (value === null) return cell("–", { title: "Undefined" });
  const shade = chance && [...chance, `Copies of the map elsewhere: ${between(...chance)}`];
  return cell([element("span", { class: "similarity" }, intervalBar({ mean: value, low, high }, extent, shade), fixed(value),
    element("span", { class: "muted small" }, low === null ? "one value" : `(${between(low, high)})`))]);
}

// Those that look at a model and have a verdict.
const judged = (methods, verdicts) => methods.filter(({ name, control }) => !control && verdicts.has(name)).map((method) => ({ ...method, ...verdicts.get(method.name) }));

// The verdict on all methods, in a sentence; `maps` says what their maps do that fail, and what those do that pass.
export function standingsLine(methods, verdicts, over, maps) {
  const real = judged(methods, verdicts);
  if (!real.length) return "";
  if (real.every(({ final, standing }) => !final && standing === "unclear")) return over ? CUT_SHORT : "No verdict yet.";
  const words = sentenceOf(real, maps);
  return real.every(({ final }) => final) ? words : soFar(words);
}

function sentenceOf(real, maps) {
  const of = (standing) => real.filter((each) => each.standing === standing).length;
  const [fail, pass] = [of("fails"), of("passes")], all = counted(real.length, "method");
  if (fail) return `${fail} of ${all} ${fail === 1 ? "fails" : "fail"}: ${fail === 1 ? "its map" : "their maps"} ${fail === 1 ? maps.fails : maps.fail}.`;
  if (pass === real.length) return pass === 1 ? `The method passes: its map ${maps.passes}.` : `All ${all} pass: their maps ${maps.pass}.`;
  return pass ? `${pass} of ${all} ${pass === 1 ? "passes" : "pass"}; the other${real.length - pass === 1 ? " is" : "s are"} unclear.` : real.length === 1 ? "The method is unclear." : `All ${all} are unclear.`;
}

// How many stand where, for those who look from afar.
export function standingCounts(methods, verdicts) {
  const real = judged(methods, verdicts);
  return Object.entries(STANDINGS).flatMap(([standing, [mark, one]]) => {
    const labels = real.filter((each) => each.standing === standing).map(({ label }) => label);
    return labels.length ? [element("span", { class: "standing", "data-standing": standing, title: labels.join(", ") }, sign(mark), `${labels.length} ${labels.length === 1 ? one : OF_SEVERAL[standing]}`)] : [];
  });
}
