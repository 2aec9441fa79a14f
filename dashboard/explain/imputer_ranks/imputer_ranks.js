// Each method's place by F under every imputer: how much a ranking hangs on what replaces a removed pixel.

import { element, region, say, sign } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { counted, fixed } from "../../components/kit/numbers.js";
import { cell, head, methodCell, table } from "../../components/kit/table.js";

export default component({
  mount(state) {
    state.said = element("div", { role: "status" }, element("p", { class: "answer" }), element("p", { class: "muted" }));
    state.ranks = region("Ranks under every imputer");
    return [state.said, state.ranks];
  },

  begin: (state) => { state.found = new Map(); },

  take: { ImputerRanked: (state, { imputer, scores }) => state.found.set(imputer, placesOf(scores)) },

  render({ data, found, said, ranks }) {
    const [answer, reason] = found.size ? howFar(data, found) : ["", ""];
    say(said.firstChild, answer);
    say(said.lastChild, reason);
    ranks.replaceChildren(...(found.size ? [rankTable(data, found)] : []));
  },
});

function placesOf(scores) {
  const order = Object.keys(scores).sort((one, other) => scores[other] - scores[one]);
  return { scores, order, places: new Map(order.map((method, at) => [method, at + 1])) };
}

function rankTable({ imputers, methods, chosen }, found) {
  const known = imputers.filter(({ name }) => found.has(name));
  const base = found.get(chosen) ?? found.get(known[0].name);
  return table({
    caption: "Rank by F, and F, of each method under each imputer",
    heads: ["Method", ...known.map(({ name, label }) => (name === chosen ? head(label, { class: "chosen" }, element("span", { class: "tag" }, "chosen")) : label))],
    rows: base.order.map((method) => [{ "data-method": method }, methodCell(methods.find(({ name }) => name === method), method),
      ...known.map(({ name }) => rankCell(found.get(name), method, name === chosen ? undefined : found.get(chosen)))]),
  });
}

function rankCell({ scores, places }, method, chosen) {
  const moved = chosen ? chosen.places.get(method) - places.get(method) : 0;
  const words = moved > 0 ? `${counted(moved, "place")} up` : moved < 0 ? `${counted(-moved, "place")} down` : "";
  const change = words ? [sign(moved > 0 ? ` ↑${moved}` : ` ↓${-moved}`), element("span", { class: "hidden" }, ` ${words} `)] : [];
  return cell([element("strong", {}, `${places.get(method)}.`), ...change, element("span", { class: "muted f" }, `F ${fixed(scores[method])}`)],
    { class: moved ? "moved" : undefined, title: words || undefined });
}

// The answer, and what it rests on: a run that was cancelled knows some of the imputers only.
function howFar(data, found) {
  const chosen = found.get(data.chosen);
  const others = data.imputers.filter(({ name }) => name !== data.chosen && found.has(name));
  if (!chosen || !others.length) return ["", ""];
  const swapped = others.map(({ name, label }) => ({ label, ...swaps(chosen.scores, found.get(name).scores) }));
  const worst = swapped.reduce((one, other) => (other.count > one.count ? other : one));
  const most = worst.count ? `${worst.label} moves most: of ${worst.pairs} pairs of methods ${worst.count} change their order (Kendall's tau ${fixed(worst.tau)}).` : "No pair of methods changes its order.";
  const controls = new Set(data.methods.filter(({ control }) => control).map(({ name }) => name));
  const known = data.imputers.filter(({ name }) => found.has(name)).map(({ name, label }) => ({ label, first: found.get(name).order[0] }));
  const beaten = known.filter(({ first }) => controls.has(first)).map(({ label }) => label);
  const label = (method) => data.methods.find(({ name }) => name === method)?.label ?? method;
  const firsts = [...new Set(known.map(({ first }) => first))].filter((method) => !controls.has(method)).map(label);
  const all = found.size === data.imputers.length ? "every imputer" : `the ${found.size} imputers so far`;
  if (!firsts.length) return [`A control is first under ${all}, so no ranking says anything about the methods.`, most];
  const answer = firsts.length > 1 ? `First place depends on the imputer: ${firsts.length === 2 ? firsts.join(" or ") : `${firsts.length} methods reach it`}.`
    : `${firsts[0]} is first under ${beaten.length ? `${counted(known.length - beaten.length, "imputer")} of ${known.length}` : all}.`;
  const reached = firsts.length > 2 ? `First under one imputer or more: ${firsts.join(", ")}. ` : "";
  const ranked = beaten.length ? `Under ${new Intl.ListFormat("en-GB").format(beaten)} a control scores higher than every method. ` : "";
  return [answer, ranked + reached + most];
}

// How many pairs of methods are the other way round; ties count as neither.
function swaps(one, other) {
  const methods = Object.keys(one).filter((method) => method in other);
  let count = 0, same = 0, pairs = 0;
  methods.forEach((first, at) => methods.slice(at + 1).forEach((second) => {
    const agreement = Math.sign(one[first] - one[second]) * Math.sign(other[first] - other[second]);
    pairs += 1;
    if (agreement < 0) count += 1;
    if (agreement > 0) same += 1;
  }));
  return { count, pairs, tau: pairs ? (same - count) / pairs : 1 };
}
