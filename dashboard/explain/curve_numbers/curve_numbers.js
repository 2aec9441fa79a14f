// The curves once more as numbers; and those of the best method in a sentence.

import { element, region, say } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { fixed, percent } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { table } from "../../components/kit/table.js";
import { BY_IMPORTANCE, makeCurves, nearestTo } from "../live_curve/curve_data.js";

const ANSWERED_AT = 0.3;

export default component({
  mount(state) {
    state.curves = makeCurves();
    state.answer = element("p", { class: "answer", role: "status" });
    state.numbers = region("Curves as numbers");
    return [state.answer, state.numbers];
  },

  begin(state) {
    state.fidelities = new Map();
    state.curves.clear();
  },

  take: {
    CurvePoint: (state, message) => state.curves.add(message),
    FidelityReady: (state, message) => state.fidelities.set(message.method, message),
  },

  render(state) {
    const { curves, data, numbers, job } = state;
    say(state.answer, answer(state));
    numbers.replaceChildren(curveTable(curves, data.methods, ended(job)));
  },
});

// How far apart the curves of the method are that scores highest, where some of the picture is gone and some is left.
export function answer({ curves, data, fidelities }) {
  const scored = data.methods.filter(({ name, control }) => !control && fidelities.has(name)), value = ({ name }) => fidelities.get(name).value;
  const best = scored.reduce((one, other) => (value(other) > value(one) ? other : one), scored[0]);
  const fraction = best && nearestTo(ANSWERED_AT, curves.fractions(best.name, "mif"));
  const ends = BY_IMPORTANCE.map((order) => best && curves.at(best.name, order, fraction));
  return ends.every(Boolean) ? `${best.label}: at ${percent(fraction)} removed, ${BY_IMPORTANCE.map((order, at) => `${order.toUpperCase()} ${fixed(ends[at].value)}`).join(", ")}.` : "";
}

function curveTable(curves, methods, over) {
  const lines = methods.flatMap(({ name, label }) => BY_IMPORTANCE.map((order) => ({ name, order, title: `${label}, ${order.toUpperCase()}` })))
    .filter(({ name, order }) => curves.line(name, order).length);
  if (!lines.length) return element("p", { class: "muted" }, over ? "No points: the run ended before its curves." : "No points yet.");
  const all = [...lines, { name: "", order: "random", title: "random order" }];
  const valueAt = ({ name, order }, fraction) => (curves.at(name, order, fraction) ? fixed(curves.at(name, order, fraction).value, 3) : "–");
  return table({
    caption: "Curves as numbers",
    heads: ["removed", ...all.map(({ title }) => title)],
    rows: curves.fractions(lines[0].name, lines[0].order).map((fraction) => [{}, percent(fraction), ...all.map((each) => valueAt(each, fraction))]),
  });
}
