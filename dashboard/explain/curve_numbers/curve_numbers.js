// The curves once more as numbers.

import { element, region } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { fixed, percent } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { table } from "../../components/kit/table.js";
import { BY_IMPORTANCE, makeCurves } from "../live_curve/curve_data.js";

export default component({
  mount(state) {
    state.curves = makeCurves();
    state.numbers = region("Curves as numbers");
    return [element("p", { class: "answer" }, "Each curve's value at every share removed."), state.numbers];
  },

  begin: (state) => state.curves.clear(),

  take: { CurvePoint: (state, message) => state.curves.add(message) },

  render: ({ curves, data, numbers, job }) => numbers.replaceChildren(curveTable(curves, data.methods, ended(job))),
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
