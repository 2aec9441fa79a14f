// The curves once more as numbers; and those of the best method in a sentence.

import { element, region, say } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { fixed, percent } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { table } from "../../components/kit/table.js";
import { BY_IMPORTANCE, makeCurves } from "../live_curve/curve_data.js";
import { bestEnds } from "./best_ends.js";

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
    say(state.answer, bestEnds(state));
    numbers.replaceChildren(curveTable(curves, data.methods, ended(job)));
  },
});

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
