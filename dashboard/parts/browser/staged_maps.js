// What becomes of heatmaps as the network forgets: a row a method, a column a stage, filled as the maps come.

const instances = new WeakMap();
const MOST_LETTERS = 12; // that a column is made wide for

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement, data);
  state.data = data;
  state.root.classList.toggle("stale", data.stale);
  followOnly(state, data.run, () => begin(state), (messages, job) => take(state, messages, job));
  schedule(state);
  return whenGone(parentElement, () => state.unfollow?.());
}

function mount(parentElement, data) {
  const root = parentElement.querySelector(".root");
  const state = { root, staged: makeStaged(), similarity: data.judged, job: null, cell: null };
  state.pair = makeStagedPair();
  state.grid = makeStagedGrid((cell) => state.pair.open(cell, state.grid), (cell) => tellCell(state, cell));
  state.told = element("p", { class: "told" });
  root.replaceChildren(bar(state), state.grid.place, state.told, state.pair.dialog);
  instances.set(parentElement, state);
  return state;
}

const bar = (state) => element("div", { class: "bar", role: "group", "aria-label": "How the maps are shown" },
  field("Number below each map", selection("Number below each map", Object.entries(SIMILARITIES).map(([name, [words]]) => [name, words]), state.similarity, (name) => { state.similarity = name; schedule(state); })),
  field("Colours", selection("Colours", Object.entries(COLOURS).map(([name, { name: words }]) => [name, words]), view.colours, (name) => { view.colours = name; state.grid.repaint(); })),
  element("span", { class: "muted small" }, "Each map has its own scale, up to its 99th percentile."));

function begin(state) {
  state.staged.clear();
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
  const { staged, data, grid } = state;
  state.root.dataset.state = !staged.stages.length ? "waiting" : isOver(state) ? "ended" : "started";
  state.root.style.setProperty("--columns", staged.stages.length + 1);
  state.root.style.setProperty("--letters", Math.min(MOST_LETTERS, longestPiece(staged.stages)));
  grid.show(data.run, state.similarity, `Heatmaps by method and stage; below each its ${SIMILARITIES[state.similarity][0]} with the trained network's`, isOver(state));
  showTold(state);
}

const isOver = ({ job }) => ENDED.includes(job?.state);

function tellCell(state, cell) {
  state.cell = cell;
  showTold(state);
}

const HOW = "Point at a map, or reach it with the arrow keys, to read which layers are random; press it to see it large beside the trained network's.";
const WAITING = { queued: "The run waits for its turn.", running: "The layers are being grouped." };

function showTold(state) {
  const { cell, staged, told, job } = state;
  const words = cell ? `${cellWords(cell, staged)}.` : staged.stages.length ? HOW : isOver(state) ? "The run ended before there was a map." : WAITING[job?.state] ?? "";
  if (told.textContent !== words) told.textContent = words;
}
