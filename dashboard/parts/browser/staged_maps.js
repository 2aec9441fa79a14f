// What becomes of heatmaps as the network forgets: maps stage by stage, curves of similarity, and verdicts.

const instances = new WeakMap();
const LOUD_AT_FIRST = 4;
const chosen = (window.heatcheckSimilarity ??= { name: "" });

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
  const state = { root, staged: makeStaged(), job: null, loud: new Set(), byHand: false };
  chosen.name ||= data.judged;
  state.pair = makeStagedPair();
  state.grid = makeStagedGrid((cell) => state.pair.open(cell, state.grid), (cell) => tellCell(state, cell));
  state.plot = makeSimilarityPlot();
  state.names = makeNames((name) => toggle(state, name));
  state.told = element("p", { class: "told" });
  state.summary = element("p", { class: "verdict", role: "status" });
  state.standings = element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Verdicts" });
  state.numbers = element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Similarities as numbers" });
  state.details = element("details", { ontoggle: () => schedule(state) }, element("summary", {}, "Similarities as numbers"), state.numbers);
  state.meaning = element("p", { class: "muted small" });
  root.replaceChildren(bar(state), state.grid.place, state.told, state.summary,
    element("div", { class: "curves" }, state.names.place, state.plot.place, state.meaning), state.standings, state.details, state.pair.dialog);
  state.resized = new ResizeObserver(() => schedule(state));
  state.resized.observe(state.plot.place);
  instances.set(parentElement, state);
  return state;
}

const bar = (state) => element("div", { class: "bar", role: "group", "aria-label": "How maps and similarities are shown" },
  field("Similarity", selection("Similarity", Object.entries(SIMILARITIES).map(([name, [words]]) => [name, words]), chosen.name, (name) => { chosen.name = name; schedule(state); })),
  field("Colours", selection("Colours", Object.entries(COLOURS).map(([name, { name: words }]) => [name, words]), view.colours, (name) => { view.colours = name; state.grid.repaint(); })),
  element("span", { class: "muted small" }, "Each map has its own scale, up to its 99th percentile."));

function begin(state) {
  state.staged.clear();
  state.byHand = false;
  state.pair.close();
  state.job = null;
  state.grid.begin(state.data.methods, state.staged, state.data.crop);
  state.root.style.setProperty("--columns", 2);
  tellCell(state, null);
}

function take(state, messages, job) {
  for (const message of messages) state.staged.add(message);
  state.job = job;
  schedule(state);
}

function schedule(state) {
  state.frame ??= requestAnimationFrame(() => { state.frame = undefined; render(state); });
}

function render(state) {
  const { staged, data, grid, job } = state;
  const over = ENDED.includes(job?.state);
  const [words, meaning] = SIMILARITIES[chosen.name];
  state.root.dataset.state = !staged.stages.length ? "waiting" : over ? "ended" : "started";
  state.root.style.setProperty("--columns", staged.stages.length + 1);
  grid.show(data.run, chosen.name, `Heatmaps by method and stage; numbers are ${words}`, over);
  showTold(state, over);
  const methods = data.methods.filter(({ name }) => staged.points.has(name));
  const lines = methods.map(({ name }) => ({ name, points: staged.line(name, chosen.name) }));
  if (!state.byHand) state.loud = new Set(loudest(methods, lines));
  const colours = coloursOf(state.loud, state.root);
  state.names.show(methods, colours);
  state.plot.draw({ stages: staged.stages, lines, band: staged.band(chosen.name), colours, words, summary: plotWords(lines, data.methods, words) });
  state.meaning.textContent = `${meaning} ${KEY}`;
  showStandings(state);
  if (state.details.open) state.numbers.replaceChildren(similarityTable(staged.stages, lines, new Map(data.methods.map(({ name, label }) => [name, label])), staged.mode));
}

const KEY = "1 is the same map. Thin bars: from the smallest to the largest over draws of random weights. Grey band: what unrelated maps score.";

// The two whose maps stay most alike and the two whose maps change most, of those that look at a model.
function loudest(methods, lines) {
  const real = lines.filter(({ name, points }) => points.length && !methods.find((method) => method.name === name).control);
  real.sort((one, other) => other.points.at(-1).value - one.points.at(-1).value);
  if (real.length <= LOUD_AT_FIRST) return real.map(({ name }) => name);
  return [...real.slice(0, LOUD_AT_FIRST / 2), ...real.slice(-LOUD_AT_FIRST / 2)].map(({ name }) => name);
}

function toggle(state, name) {
  state.byHand = true;
  if (!state.loud.delete(name)) state.loud.add(name);
  schedule(state);
}

function plotWords(lines, methods, words) {
  const ends = lines.filter(({ points }) => points.length).map(({ name, points }) => `${methods.find((method) => method.name === name).label} ${fixed(points.at(-1).value)}`);
  return ends.length ? `${words} with the trained network's map, stage by stage. At the last stage known: ${ends.join(", ")}.` : "Similarities to come";
}

function tellCell(state, cell) {
  state.cell = cell;
  showTold(state, ENDED.includes(state.job?.state));
}

const HOW = "Point at a map, or reach it with the arrow keys, to read which layers are random; press it to see it large beside the trained network's.";
const WAITING = { queued: "The run waits for its turn.", running: "The layers are being grouped." };

function showTold({ cell, staged, told, job }, over) {
  const words = cell ? `${cellWords(cell, staged)}.` : staged.stages.length ? HOW : over ? "The run ended before there was a map." : WAITING[job?.state] ?? "";
  if (told.textContent !== words) told.textContent = words;
}

function showStandings(state) {
  const { staged, data } = state;
  const shownAs = JSON.stringify([...staged.verdicts.values()]);
  if (state.shownAs === shownAs) return;
  state.shownAs = shownAs;
  state.standings.replaceChildren(...(staged.verdicts.size && !data.brief ? [standingsTable(data.methods, staged.verdicts, SIMILARITIES[data.judged][0], "Draws")] : []));
  state.summary.textContent = standingsLine(data.methods, staged.verdicts);
}
