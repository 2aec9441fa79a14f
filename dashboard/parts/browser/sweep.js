// The stamp distance by size and opacity, a table a method; a cell where the gate is not passed says so instead.

const instances = new WeakMap();
const UNRELATED = 2;

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.data = data;
  state.root.classList.toggle("stale", data.stale);
  followOnly(state, data.run, () => begin(state), (messages, job) => take(state, messages, job));
  return whenGone(parentElement, () => state.unfollow?.());
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { root, points: new Map(), refused: [] };
  state.said = element("p", { role: "status" });
  state.tables = element("div", { class: "tables" });
  state.reasons = element("details", { hidden: true });
  root.replaceChildren(state.said, element("p", { class: "muted small" }, WHAT), state.tables, state.reasons);
  instances.set(parentElement, state);
  return state;
}

const WHAT = "Stamp distance, its mean with the 95 % interval: 0 shows the stamp and nothing else, 2 is a map that knows nothing (the thin mark). Where the gate is not passed there is no ground truth, so there is no score.";

function begin(state) {
  Object.assign(state, { points: new Map(), refused: [], job: null });
  render(state);
}

function take(state, messages, job) {
  for (const message of messages) {
    if (message.kind === "sweep") state.points.set(cell(message), message);
    if (message.kind === "refused") state.refused.push(message);
  }
  state.job = job;
  state.frame ??= requestAnimationFrame(() => { state.frame = undefined; render(state); });
}

const cell = ({ size, opacity }) => `${size} ${opacity}`;

function render(state) {
  const { data, points, refused, job } = state;
  const all = [...points.values()];
  const out = new Set(refused.map(({ method }) => method));
  const rows = all.flatMap(({ distances }) => Object.values(distances)).filter(({ mean }) => mean !== null);
  const span = spanOf([...rows, { mean: UNRELATED, low: null, high: null }], { mean: UNRELATED });
  state.said.textContent = all.length ? said(data, all, rows) : ENDED.includes(job?.state) ? "" : "The first cell is on its way.";
  state.tables.replaceChildren(...data.methods.filter(({ name }) => !out.has(name)).map((method) => methodTable(method, data, points, span)));
  const failed = all.filter(({ passed }) => !passed);
  state.reasons.hidden = !failed.length && !refused.length;
  const reasons = [...failed.map((point) => `${place(point)}: ${point.sentence}`), ...refused.map(({ method, reason }) => `${data.labels[method] ?? method}: ${reason}`)];
  state.reasons.replaceChildren(element("summary", {}, `No score · ${reasons.length}`), element("ul", {}, ...reasons.map((words) => element("li", {}, words))));
}

const place = ({ size, opacity }) => `${size} px, opacity ${percent(opacity)}`;

// The hardest and the easiest cell, so that the direction can be read without the tables.
function said({ methods, sizes, opacities }, all, rows) {
  const progress = `${all.length} of ${counted(sizes.length * opacities.length, "cell")}`;
  if (!rows.length) return `${progress}; none has a ground truth so far.`;
  const means = methods.flatMap(({ name, label }) => {
    const told = all.filter(({ distances }) => (distances[name]?.mean ?? null) !== null).sort((one, other) => one.distances[name].mean - other.distances[name].mean);
    if (!told.length) return [];
    const best = told[0], worst = told.at(-1);
    return [best === worst ? `${label} ${fixed(best.distances[name].mean)}` : `${label} from ${fixed(best.distances[name].mean)} (${place(best)}) to ${fixed(worst.distances[name].mean)} (${place(worst)})`];
  });
  return `${progress}. ${means.join("; ")}.`;
}

function methodTable({ name, label }, { sizes, opacities }, points, span) {
  return element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": `Stamp distance of ${label}` },
    element("table", { "data-method": name }, element("caption", {}, label),
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Opacity"), ...sizes.map((size) => element("th", { scope: "col" }, `${size} px`)))),
      element("tbody", {}, ...[...opacities].reverse().map((opacity) => element("tr", {}, element("th", { scope: "row" }, percent(opacity)),
        ...sizes.map((size) => distanceCell(points.get(cell({ size, opacity })), name, span)))))));
}

function distanceCell(point, method, span) {
  if (!point) return element("td", { class: "muted" }, "…");
  if (!point.passed) return element("td", { class: "closed muted", title: point.sentence }, "no truth");
  const row = point.distances[method];
  if (!row || row.mean === null) return element("td", { class: "muted", title: "Can't be told on any picture here." }, "–");
  const interval = row.low === null ? "one picture" : `${fixed(row.low)} to ${fixed(row.high)}`;
  return element("td", { title: `n ${row.n}` }, element("span", { class: "mean" }, fixed(row.mean)), line(row, span), element("span", { class: "interval muted" }, interval));
}
