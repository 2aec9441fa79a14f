// The trial of the heatmaps: curves that grow, the perturbed picture behind each point, and the scores.

const instances = new WeakMap();
const LOUD_AT_FIRST = 3;

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.data = data;
  state.root.classList.toggle("stale", data.stale);
  followOnly(state, data.run, () => begin(state), (messages) => take(state, messages));
  schedule(state);
  return whenGone(parentElement, () => { state.unfollow?.(); state.resized.disconnect(); });
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { root, curves: makeCurves(), fidelities: new Map(), extra: new Map(), refused: new Set(), loud: new Set(), byHand: false };
  state.plot = makePlot();
  state.names = makeNames((name) => toggle(state, name));
  state.slider = element("input", { type: "range", min: 0, max: 100, value: 30, "aria-label": "Share of the pixels removed", oninput: () => slide(state) });
  state.removed = makeRemoved(() => schedule(state));
  state.verdict = element("p", { class: "verdict", role: "status" });
  state.scores = element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Scores" });
  state.numbers = element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Curves as numbers" });
  state.details = element("details", { ontoggle: () => schedule(state) }, element("summary", {}, "Curves as numbers"), state.numbers);
  state.explained = element("div", {});
  root.replaceChildren(
    element("div", { class: "trial" }, element("div", { class: "left" }, state.names.place, state.plot.place, element("div", { class: "slide" }, state.slider), state.key = keyLine()), state.removed.place),
    state.verdict, state.scores, state.explained, state.details);
  state.resized = new ResizeObserver(() => schedule(state));
  state.resized.observe(state.plot.place);
  instances.set(parentElement, state);
  return state;
}

const keyLine = () => element("p", { class: "muted small" },
  "Solid (MIF): the most important pixels go first, and the curve should fall fast. Dashed (LIF): the least important go first, and it should stay high. Grey band: random orders.");

function begin(state) {
  const { curves, fidelities, extra, refused, loud, removed, data } = state;
  curves.clear(); fidelities.clear(); extra.clear(); refused.clear(); loud.clear(); removed.clear();
  state.byHand = false;
  state.target = "";
  state.slider.step = 100 / data.steps;
  state.explained.replaceChildren(element("p", { class: "muted small" }, PLUS_MINUS), glossary(data.groups));
}

function take(state, messages) {
  for (const message of messages) {
    if (message.kind === "curve") state.curves.add(message);
    if (message.kind === "fidelity") state.fidelities.set(message.method, message);
    if (message.kind === "scores") state.extra.set(message.method, message.scores);
    if (message.kind === "refused") state.refused.add(message.method);
    if (message.kind === "heatmap") state.target = message.target;
  }
  schedule(state);
}

function slide(state) {
  state.removed.chosen.wanted = Number(state.slider.value) / 100;
  schedule(state);
}

function schedule(state) {
  state.frame ??= requestAnimationFrame(() => { state.frame = undefined; render(state); });
}

function render(state) {
  const { curves, data, removed } = state;
  const methods = data.methods.filter(({ name }) => !state.refused.has(name));
  const started = curves.any();
  state.root.dataset.state = started ? "started" : "waiting";
  if (!state.byHand) state.loud = new Set(loudest(state, methods));
  removed.suggest([...state.loud][0] ?? methods[0]?.name, methods);
  const { method, order, wanted } = removed.chosen;
  const fraction = nearest(curves.fractions(method, order), wanted) ?? wanted;
  state.slider.setAttribute("aria-valuetext", `${percent(fraction)} removed`);
  const colours = coloursOf(state.loud, state.root);
  state.names.show(methods, colours);
  state.plot.draw({ curves, methods, colours, fraction, yName: data.yName, unit: data.unit, summary: summary(state, methods) });
  removed.show(data.run, curves, fraction, state.target, data.y === "probability");
  showScores(state, methods);
  if (state.details.open) state.numbers.replaceChildren(curveTable(curves, methods));
}

// The two best methods and the best control, once scores are known; before that the first few.
function loudest({ fidelities }, methods) {
  if (!fidelities.size) return methods.filter(({ control }) => !control).slice(0, LOUD_AT_FIRST).map(({ name }) => name);
  const best = (control) => methods.filter((method) => method.control === control && fidelities.has(method.name))
    .sort((one, other) => fidelities.get(other.name).value - fidelities.get(one.name).value).map(({ name }) => name);
  return [...best(false).slice(0, LOUD_AT_FIRST - 1), ...best(true).slice(0, 1)];
}

function toggle(state, name) {
  state.byHand = true;
  if (!state.loud.delete(name)) state.loud.add(name);
  schedule(state);
}

function showScores(state, methods) {
  const all = [...state.fidelities.values()];
  const shownAs = JSON.stringify([all, [...state.extra]]);
  if (state.shownAs === shownAs) return;
  state.shownAs = shownAs;
  state.scores.replaceChildren(...(all.length ? [scoreTable(state, methods)] : []));
  state.verdict.textContent = verdictLine(all, methods);
}

const PLUS_MINUS = "±: 95 % of maps that know nothing, and are as clustered as this one, stay within it on this picture; nothing follows for others. An artifact share near or above 100 % says that the curve tells little about the map.";

function verdictLine(all, methods) {
  const real = all.filter((score) => score.final && !methods.find(({ name }) => name === score.method)?.control);
  if (!real.length) return "";
  if (real.every(isFlat)) return FLAT_EXPLAINED;
  const best = real.reduce((one, other) => (other.value > one.value ? other : one));
  const label = methods.find(({ name }) => name === best.method).label;
  const found = real.filter(({ verdict }) => verdict === "finds").length;
  return `${label} scores highest of the methods, F ${scored(best)}, where a random order has 0. ${best.sentence} ${artifactWords(best)} ${found} of ${counted(real.length, "method")} ${found === 1 ? "beats" : "beat"} every control here.`;
}

// A share of a drop is one only where there is a drop, and less of it goes to the artifact than the whole.
function artifactWords({ artifact_share: share, best_bound: bound }) {
  if (bound <= 0) return "Losing what the best map calls unimportant costs the class nothing here, so the perturbation itself need not do any harm.";
  const bounded = `The best bound of this run on what the perturbation itself does: ${fixed(bound)} of area.`;
  return share > 0 && share < 1 ? `Of the drop that it causes, up to ${percent(share)} is the perturbation itself. ${bounded}` : bounded;
}

function summary({ fidelities, curves, data }, methods) {
  if (!curves.any()) return "Perturbation curves to come";
  const best = [...fidelities.values()].sort((one, other) => other.value - one.value)[0];
  const label = best && methods.find(({ name }) => name === best.method)?.label;
  return `Perturbation curves of ${counted(methods.length, "method")}: ${data.yName} against the share of pixels removed.${label ? ` Best: ${label}, F ${scored(best)}.` : ""} The numbers are in the table below.`;
}
