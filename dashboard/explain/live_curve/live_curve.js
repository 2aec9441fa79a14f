// The perturbation test of the heatmaps: curves that grow, and the perturbed picture behind each point.

import { bestOf, scored } from "../../components/heatmap_cards/fidelity_verdict.js";
import { element } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { coloursOf, makeNames } from "../../components/kit/line_legend.js";
import { counted, percent } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { asProbability, makeCurves, nearestTo } from "./curve_data.js";
import { curvePicture, makeCurvePlot } from "./curve_plot.js";
import { asked, makePerturbed } from "./perturbed_picture.js";

const LOUD_METHODS = 3;
const KEY_LINE = "Solid: most important first (MIF, also MoRF), should fall fast. Dashed: least important first (LIF, LeRF), should stay high. Grey: random orders.";

export default component({
  mount(state) {
    state.curves = makeCurves();
    state.plot = makeCurvePlot();
    state.names = makeNames((name) => turnLoud(state, name));
    state.slider = element("input", { type: "range", min: 0, max: 100, value: 100 * asked.removed, "aria-label": "Share of the pixels removed", oninput: () => state.perturbed.slide(Number(state.slider.value) / 100) });
    state.perturbed = makePerturbed(state.redraw);
    return [element("h2", { class: "hidden" }, "Perturbation test"), element("div", { class: "trial" },
      element("div", { class: "left" }, state.names.place, state.plot.place, element("div", { class: "slide" }, state.slider), element("p", { class: "muted small" }, KEY_LINE)),
      state.perturbed.place)];
  },

  begin(state) {
    Object.assign(state, { fidelities: new Map(), refused: new Set(), loud: null, target: "" });
    state.curves.clear();
    state.perturbed.clear();
    state.slider.step = 100 / state.data.steps;
  },

  take: {
    HeatmapReady: (state, { heatmap }) => { state.target = heatmap.target; },
    MethodRefused: (state, { method }) => state.refused.add(method),
    CurvePoint: (state, message) => state.curves.add(state.data.bounded ? asProbability(message) : message),
    FidelityReady: (state, message) => state.fidelities.set(message.method, message),
  },

  render(state) {
    const { curves, data, perturbed } = state;
    const methods = offeredMethods(state);
    state.root.dataset.state = curves.any() ? "started" : "waiting";
    const loud = loudNow(state), colours = coloursOf(loud, state.root);
    perturbed.suggest([...loud][0] ?? methods[0]?.name, methods);
    const { method, order } = perturbed.chosen;
    const fraction = nearestTo(asked.removed, curves.fractions(method, order)) ?? asked.removed;
    state.slider.setAttribute("aria-valuetext", `${percent(fraction)} removed`);
    state.names.show(litFirst(state, methods, [...loud]), colours);
    state.plot.draw(curvePicture({ curves, methods, colours, fraction, yName: data.yName, unit: data.unit, words: plotWords(state, methods) }));
    perturbed.show(data.run, curves, fraction, state.target, data.y, data.yName, ended(state.job));
  },

  further: ({ perturbed, data, curves }) => perturbed.addresses(data.run, curves),
});

const offeredMethods = ({ data, refused }) => data.methods.filter(({ name }) => !refused.has(name));

// What somebody chose; else the best methods and the best control, once scores are known; before that the first few. Of
// curves that coincide only one is lit: another that lies under it could not be seen.
function loudNow(state) {
  const { loud, fidelities, curves } = state, methods = offeredMethods(state);
  if (loud) return loud;
  const value = ({ name }) => fidelities.get(name)?.value ?? -Infinity;
  const best = (wanted, count, others) => methods.filter((method) => wanted(method) && (!fidelities.size || fidelities.has(method.name)))
    .sort((one, other) => value(other) - value(one))
    .reduce((lit, { name }) => (lit.length < count && [...others, ...lit].every((each) => curves.differ(name, each)) ? [...lit, name] : lit), []);
  const real = ({ control }) => !control;
  if (!fidelities.size) return new Set(best(real, LOUD_METHODS, []));
  const found = best(real, LOUD_METHODS - 1, []);
  return new Set([...found, ...best(({ rival }) => rival, 1, found)]);
}

// The lit ones, then the others from the best on.
function litFirst({ fidelities }, methods, lit) {
  const place = ({ name }) => (lit.includes(name) ? lit.indexOf(name) : lit.length), value = ({ name }) => fidelities.get(name)?.value ?? 0;
  return [...methods].sort((one, other) => place(one) - place(other) || value(other) - value(one));
}

function turnLoud(state, name) {
  state.loud = loudNow(state);
  if (!state.loud.delete(name)) state.loud.add(name);
  state.redraw();
}

function plotWords({ fidelities, curves, data, job }, methods) {
  if (!curves.any()) return `No perturbation curves${ended(job) ? "" : " yet"}`;
  const best = bestOf(methods, fidelities);
  return `Perturbation curves of ${counted(methods.length, "method")}: ${data.yName} against the share of pixels removed.${best ? ` Best: ${best.label}, F ${scored(fidelities.get(best.name))}.` : ""} The tab Numbers has them as a table.`;
}
