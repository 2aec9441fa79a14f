// Each method's place by F under every imputer: how much a ranking hangs on what replaces a removed pixel.

import { element, region, say, sign } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { counted, fixed } from "../../components/kit/numbers.js";
import { cell, head, methodCell, table } from "../../components/kit/table.js";
import { howFar } from "./first_place.js";

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
