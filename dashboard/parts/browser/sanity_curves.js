// What becomes of each method's map as the network forgets, and how each method stands: on one picture over draws of
// random weights, or over many pictures.

const instances = new WeakMap();
const LOUD_AT_FIRST = 6;

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement, data);
  state.data = data;
  state.root.classList.toggle("stale", data.stale);
  followOnly(state, data.run, () => begin(state), (messages, job) => take(state, messages, job));
  schedule(state);
  return whenGone(parentElement, () => { state.unfollow?.(); state.resized.disconnect(); });
}

function mount(parentElement, data) {
  const root = parentElement.querySelector(".root");
  const state = { root, staged: makeStaged(), similarity: data.judged };
  const region = (label) => element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": label });
  state.said = element("p", { class: "verdict", role: "status" });
  state.standings = region("Verdicts");
  state.signs = element("p", { class: "muted small" });
  state.names = makeNames((name) => turn(state, name));
  state.plot = makeSimilarityPlot();
  state.meaning = element("p", { class: "muted small" });
  state.refusals = element("details", { hidden: true });
  state.numbers = region("Similarities as numbers");
  state.details = element("details", { ontoggle: () => schedule(state) }, element("summary", {}, "Similarities as numbers"), state.numbers);
  const options = Object.entries(SIMILARITIES).map(([name, [words]]) => [name, words]);
  const choose = (name) => { state.similarity = name; schedule(state); };
  root.replaceChildren(state.said, state.refusals, state.standings, state.signs,
    element("div", { class: "curves" }, choice("Similarity", options, state.similarity, choose), state.names.place, state.plot.place, state.meaning, state.details));
  state.resized = new ResizeObserver(() => schedule(state));
  state.resized.observe(state.plot.place);
  instances.set(parentElement, state);
  return state;
}

function begin(state) {
  state.staged.clear();
  Object.assign(state, { summary: null, refused: [], loud: null, job: null, standingsAs: "" });
  state.standings.replaceChildren();
  state.signs.textContent = "";
}

function take(state, messages, job) {
  for (const message of messages) {
    state.staged.add(message);
    if (message.kind === "similarities") state.summary = message;
    if (message.kind === "picture_refused") state.refused.push(`${message.picture}: ${message.reason}`);
    if (message.kind === "refused") state.refused.push(`${methodOf(state, message.method)?.label ?? message.method}: ${message.reason}`);
  }
  state.job = job;
  schedule(state);
}

const methodOf = ({ data }, method) => data.methods.find(({ name }) => name === method);

function turn(state, name) {
  state.loud = new Set(loudOf(state));
  if (!state.loud.delete(name)) state.loud.add(name);
  schedule(state);
}

// The first few of those that look at a model, until somebody chooses.
const loudOf = ({ loud, data, staged }) => loud ?? new Set(data.methods.filter(({ name, control }) => !control && !staged.refused.has(name)).slice(0, LOUD_AT_FIRST).map(({ name }) => name));

function schedule(state) {
  state.frame ??= requestAnimationFrame(() => { state.frame = undefined; render(state); });
}

function render(state) {
  const { data, staged, similarity } = state;
  const { stages, mode } = staged;
  const [words, meaning] = SIMILARITIES[similarity];
  const lines = data.methods.map(({ name }) => ({ name, points: data.many ? meansOf(state, name) : drawsOf(state, name) })).filter(({ points }) => points.length);
  state.root.dataset.state = lines.length ? "started" : "waiting";
  showSaid(state, lines.length > 0);
  const colours = coloursOf(loudOf(state), state.root);
  state.names.show(lines.map(({ name }) => methodOf(state, name)).filter(({ name }) => !UNRELATED.includes(name)), colours);
  state.plot.draw({ stages, mode, lines, colours, words, half: similarity === data.judged ? data.half : null, summary: summaryOf(state, lines, words) });
  state.meaning.textContent = lines.length ? `${capital(meaning)}; 1 is the same map. ${DOUBT[data.many ? "many" : "one"](state)} Grey band: ${data.many ? "means of " : ""}maps that have nothing to do with each other${data.many ? ", with their intervals" : ""}.` : "";
  if (state.details.open) state.numbers.replaceChildren(similarityTable(stages, lines, new Map(data.methods.map(({ name, label }) => [name, label])), mode));
  showRefusals(state);
  showStandings(state);
}

const DOUBT = {
  many: ({ summary }) => `Means over ${counted(summary.pictures, "picture")}; upright bars are their 95 % intervals.`,
  one: ({ staged }) => (staged.draws > 1 ? `Means over up to ${staged.draws} draws of random weights; upright bars go from the smallest to the largest.` : "One draw of random weights; what others would give is not known."),
};

const meansOf = ({ summary, similarity }, method) => (summary?.curves[similarity]?.[method] ?? [])
  .map(([stage, value, low, high]) => ({ stage, value, low, high })).filter(({ value }) => value !== null).sort((one, other) => one.stage - other.stage);

const drawsOf = ({ staged, similarity }, method) => staged.stages.flatMap(({ number }) => {
  const found = staged.similarity(method, number, similarity);
  return found ? [{ stage: number, value: found.value, low: found.n > 1 ? found.low : null, high: found.n > 1 ? found.high : null }] : [];
});

function showSaid({ said, data, job, summary, staged }, started) {
  const over = ENDED.includes(job?.state);
  const asked = summary ? `Over ${counted(summary.pictures, "picture")}.` : staged.draws && started ? `${counted(staged.draws, "draw")} of random weights.` : "";
  const without = !over ? data.waiting : started && job.state === "done" ? "Only controls ran." : CUT_SHORT;
  const words = [asked, standingsLine(data.methods, staged.verdicts, over) || without].filter(Boolean).join(" ");
  if (said.textContent !== words) said.textContent = words;
}

function showRefusals({ refusals, refused }) {
  refusals.hidden = !refused.length;
  if (refusals.hidden || refusals.dataset.count === String(refused.length)) return;
  refusals.dataset.count = refused.length;
  refusals.replaceChildren(element("summary", {}, `Refused · ${refused.length}`), element("ul", {}, ...refused.map((words) => element("li", {}, words))));
}

function showStandings(state) {
  const { data, staged } = state;
  const shownAs = JSON.stringify([...staged.verdicts.values()]);
  if (!staged.verdicts.size || state.standingsAs === shownAs) return;
  state.standingsAs = shownAs;
  state.standings.replaceChildren(standingsTable(data.methods, staged.verdicts, SIMILARITIES[data.judged][0], data.half, data.many ? "Pictures" : "Draws"));
  state.signs.textContent = SIGNS[data.many ? "many" : "one"];
}

const SIGNS = {
  many: "Dot: how alike on average over pictures; bar: the 95 % interval; thin mark: half, where the criterion turns.",
  one: "Dot: how alike on average over draws; bar: from the smallest to the largest; thin mark: half, where the criterion turns; shade: what the map scores against copies of itself, shifted, flipped and turned.",
};

function summaryOf(state, lines, words) {
  const { stages } = state.staged;
  const ends = lines.flatMap(({ name, points }) => {
    const last = points.find(({ stage }) => stage === stages.length), method = methodOf(state, name);
    return last && !method.control ? [`${method.label} ${fixed(last.value)}`] : [];
  });
  return ends.length ? `${words} with the trained network's map, stage by stage. At the last stage: ${ends.join(", ")}. The numbers are in the table below.` : "Similarities to come";
}
