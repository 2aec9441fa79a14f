// What a search for the best order found, in sentences and as a row a method.

import { element } from "../../components/kit/dom.js";
import { counted, fixed, percent } from "../../components/kit/numbers.js";
import { cell, methodCell, methodLabel, table } from "../../components/kit/table.js";

export const SEARCHED = "search";
const UPPER = "A better order may exist, so every share is an upper bound.";

// The answer while it is searched for, and what it rests on; or what is left of a search that was ended.
export function climbWords(last, progress, over) {
  if (!last) return ["", ""];
  const value = `${last.exact ? "" : "about "}${fixed(last.value)}`, all = counted(last.total, "pass", "passes");
  if (over) return ["No ceiling: the search ended early.", `The best order until then has an F of ${value}, found after ${last.passes.toLocaleString("en")} of ${all}.`];
  return [`Best order so far: F ${value}.`, `${Math.max(last.passes, progress?.done ?? 0).toLocaleString("en")} of ${all}.`];
}

// The best of the methods beside what any order was found to reach.
export function ceilingWords(methods, ceiling) {
  const { value, found_by: by, passes, fidelities, shares, sentence } = ceiling;
  const real = methods.filter(({ name, control }) => name in fidelities && !control);
  const best = (real.length ? real : methods.filter(({ name }) => name in fidelities)).reduce((one, other) => (fidelities[other.name] > fidelities[one.name] ? other : one));
  const share = shares[best.name];
  if (share === null) return ["F has no ceiling here: no order found beats chance.", sentence];
  const answer = share >= 0 ? `${best.label} reaches at most ${percent(share)} of what any order reaches.` : `F of ${best.label} is below 0, so it reaches no share.`;
  const who = by === SEARCHED ? `The best order found in ${counted(passes, "pass", "passes")}` : `No order found in ${counted(passes, "pass", "passes")} beats that of ${methodLabel(methods, by)}, which`;
  return [answer, `${who} has an F of ${fixed(value)}; ${best.label} has ${fixed(fidelities[best.name])}. ${UPPER}`];
}

export const sharesTable = (methods, { fidelities, shares, sentence }) => table({
  caption: "F of each map, and its share of the ceiling, the highest first",
  heads: ["Method", "F", "Share of what any order reaches"],
  rows: Object.keys(fidelities).sort((one, other) => fidelities[other] - fidelities[one]).map((name) => [
    { "data-method": name }, methodCell(methods.find((method) => method.name === name), name), fixed(fidelities[name]), shareOfCeiling(shares[name], sentence),
  ]),
});

// What a share is beside it says, so that no row is read as more than a bound.
function shareOfCeiling(share, sentence) {
  if (share === null) return cell("–", { class: "muted", title: sentence });
  if (share < 0) return cell("nothing", { class: "muted", title: "F is below 0." });
  return cell([element("span", { class: "muted" }, "at most "), percent(share)]);
}
