// One map's F among those of its own copies, shifted and flipped: does it beat them?

import { fixedChart, level, scale, tick, upright } from "../../components/kit/chart.js";
import { drawn, element, region, say } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { counted, fixed } from "../../components/kit/numbers.js";
import { isMore } from "../verdict/tests.js";

const WIDTH = 560;
const TALL = 74;
const SIDES = 34;

export default component({
  mount(state) {
    state.said = element("div", { role: "status" }, element("p", { class: "answer" }), element("p", { class: "muted" }));
    state.strip = region("F of the map and of its copies");
    return [state.said, state.strip];
  },

  begin: (state) => { state.found = null; },

  take: { MatchedReady: (state, message) => { state.found = message; } },

  render({ said, strip, found, data }) {
    const [answer, reason] = found ? shapeWords(found, data.label) : ["", ""];
    say(said.firstChild, answer);
    say(said.lastChild, reason);
    strip.replaceChildren(...(found ? [copiesStrip(found, data.label)] : []));
  },
});

// The answer, and what it rests on.
function shapeWords({ value, by_chance: copies, rank, final }, label) {
  const of = `F ${fixed(value)} is ${ordinal(rank)} among the map and ${copies.length} copies of its shape, shifted and flipped.`;
  if (!final) return ["No verdict yet.", of];
  if (isMore({ rank, by_chance: copies })) return [`${label} beats its shifted copies.`, `${of} If its location did not matter, a map would rank so high in at most ${rank} of ${copies.length + 1} cases.`];
  const half = rank <= (copies.length + 1) / 2;
  return [`${label} ${half ? "may be" : "is"} no better than its shifted copies.`, `${of} ${counted(rank - 1, "copy elsewhere does", "copies elsewhere do")} as well or better.`];
}

const ordinal = (rank) => (rank === 1 ? "the best" : `number ${rank}`);

function copiesStrip({ value, by_chance: copies }, label) {
  const all = [value, ...copies, 0];
  const x = scale(Math.min(...all), Math.max(...all), SIDES, WIDTH - SIDES), y = (down) => down;
  const anchor = x(value) > WIDTH - 90 ? "end" : x(value) < 90 ? "start" : "middle";
  const words = `F of ${label} ${fixed(value)}; F of its copies from ${fixed(Math.min(...copies))} to ${fixed(Math.max(...copies))}`;
  return fixedChart(words, WIDTH, TALL, [
    level({ left: SIDES, right: WIDTH - SIDES, y }, 40),
    upright({ x, y }, 0, [30, 50], { class: "zero" }),
    tick("0", x(0), 66),
    tick("F", WIDTH - SIDES, 66, "end"),
    ...copies.map((copy) => drawn("circle", { class: "copy", cx: x(copy), cy: 40, r: 5 })),
    upright({ x, y }, value, [22, 52], { class: "own" }),
    tick(`${label} ${fixed(value)}`, x(value), 15, anchor, { class: "tick strong" }),
  ]);
}
