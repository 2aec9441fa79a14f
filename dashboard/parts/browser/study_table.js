// Means over many pictures, with intervals that shrink as pictures arrive; and below them the ranking by one score.

const instances = new WeakMap();
const STANDINGS = {
  better: ["▲", "better than every control that looks at no model"],
  edge: ["△", "better than the random control, but not surely than every other that looks at no model"],
  worse: ["▼", "worse than the random control"],
  unclear: ["–", "can't be told from the random control"],
  control: ["", "a control: it looks at no model"],
};

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.data = data;
  state.root.classList.toggle("stale", data.stale);
  followOnly(state, data.run, () => begin(state), (messages, job) => take(state, messages, job));
  return whenGone(parentElement, () => { state.unfollow?.(); state.ranking.stop(); });
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { root, summary: null, refused: [], sort: null };
  state.said = element("p", { class: "muted" });
  state.table = element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Means over pictures" });
  state.bound = element("p", { class: "muted" });
  state.refusals = element("details", { hidden: true });
  state.explained = element("div");
  state.ranking = makeRanking();
  root.replaceChildren(state.said, state.table, state.bound, state.refusals, state.explained, state.ranking.place);
  instances.set(parentElement, state);
  return state;
}

function begin(state) {
  const { data } = state;
  Object.assign(state, { summary: null, refused: [], job: null, shownAs: "" });
  state.methods = new Map(data.methods.map((method) => [method.name, method]));
  const first = data.groups[0]?.metrics[0];
  if (!data.groups.some(({ metrics }) => metrics.some(({ name }) => name === state.sort?.metric))) state.sort = first && { metric: first.name, best: true };
  state.explained.replaceChildren(element("p", { class: "muted small" }, SIGNS), glossary(data.groups));
  state.bound.textContent = "";
  state.ranking.begin(data);
  show(state);
}

const SIGNS = "The line in each cell is the 95 % interval of the mean, the dot the mean, the thin mark the random control. ▲ better than every control that looks at no model; △ better than the random one, but not surely than each of the others; ▼ worse than the random one; – not to be told from the random one: by the intervals of paired differences.";

function take(state, messages, job) {
  for (const message of messages) {
    if (message.kind === "summary") state.summary = message;
    if (message.kind === "picture_refused") state.refused.push(`${message.picture}: ${message.reason}`);
    if (message.kind === "truth_refused") state.refused.push(`${message.picture} counts only for scores that need no marks: ${message.reason}`);
    if (message.kind === "refused") state.refused.push(`${state.methods.get(message.method)?.label ?? message.method}: ${message.reason}`);
  }
  state.job = job;
  show(state);
}

function show(state) {
  state.frame ??= requestAnimationFrame(() => { state.frame = undefined; render(state); });
}

function render(state) {
  const { summary, refused, data, sort } = state;
  state.root.dataset.state = summary ? "started" : "waiting";
  if (!summary) state.said.textContent = waiting(state.job);
  state.refusals.hidden = !refused.length;
  if (refused.length) state.refusals.replaceChildren(element("summary", {}, `Refused · ${refused.length}`), element("ul", {}, ...refused.map((words) => element("li", {}, words))));
  const shownAs = JSON.stringify([summary?.sequence, sort, data.run]);
  if (!summary || state.shownAs === shownAs) return;
  state.shownAs = shownAs;
  const focused = state.table.getRootNode().activeElement?.dataset?.metric;
  state.table.replaceChildren(meansTable(state));
  if (focused) state.table.querySelector(`button[data-metric="${focused}"]`)?.focus();
  state.said.textContent = `Means over ${counted(summary.pictures, "picture")}.${beyondEdge(state)}`;
  state.bound.textContent = boundLine(summary.best_bound, state.methods);
  state.ranking.renew(summary);
}

// What any order of removal loses when the least important go first bounds the artifact, whoever made the order.
function boundLine(bound, methods) {
  if (!bound) return "";
  const interval = bound.low === null ? "" : ` (${fixed(bound.low)} to ${fixed(bound.high)})`;
  return `The best bound of this study on what the perturbation itself does: ${fixed(bound.mean)} of area${interval}, by ${methods.get(bound.method)?.label ?? bound.method}.`;
}

// A table wider than the page hides whole groups of scores.
function beyondEdge({ table, data }) {
  const others = data.groups.slice(1).map(({ title }) => title.split(":")[0].toLowerCase());
  return others.length && table.scrollWidth > table.clientWidth + 4 ? ` Scroll the table sideways for ${others.join(", ")}.` : "";
}

const waiting = (job) => (ENDED.includes(job?.state) ? "There are no scores: no picture was finished." : "The first means come with the first picture.");

function meansTable(state) {
  const { summary, data, methods, sort } = state;
  const metrics = data.groups.flatMap((group) => group.metrics);
  const cells = new Map(summary.rows.map((row) => [`${row.method} ${row.metric}`, row]));
  const names = [...new Set(summary.rows.map(({ method }) => method))];
  const spans = new Map(metrics.map((metric) => [metric.name, spanOf(summary.rows.filter((row) => row.metric === metric.name), cells.get(`random ${metric.name}`))]));
  const wanted = metrics.find(({ name }) => name === sort.metric);
  names.sort((one, other) => inOrder(cells.get(`${one} ${sort.metric}`), cells.get(`${other} ${sort.metric}`), wanted, sort.best));
  const head = groupHead(data.groups, [element("th", { scope: "col" }, "Method")], [], (metric) => sortHead(state, metric));
  return element("table", { class: "means" }, element("caption", { class: "hidden" }, `Means with 95 % intervals over ${counted(summary.pictures, "picture")}, sorted by ${wanted.symbol}, the ${sort.best ? "best" : "worst"} first`),
    head, element("tbody", {}, ...names.map((name) => element("tr", { "data-method": name }, nameCell(methods.get(name), name),
      ...data.groups.flatMap((group) => group.metrics.map((metric, place) => meanCell(cells.get(`${name} ${metric.name}`), metric, spans.get(metric.name), summary.pictures, place === 0)))))));
}

// The better end first, unless turned; what has no score is last either way.
function inOrder(one, other, metric, best) {
  const value = (row) => row?.mean ?? null;
  if (value(one) === null || value(other) === null) return (value(one) === null) - (value(other) === null);
  const higherFirst = (metric.direction !== "lower") === best;
  return higherFirst ? other.mean - one.mean : one.mean - other.mean;
}

function sortHead(state, metric) {
  const { sort } = state;
  const mine = sort.metric === metric.name;
  const falling = (metric.direction !== "lower") === sort.best;
  const turn = () => {
    state.sort = { metric: metric.name, best: mine ? !sort.best : true };
    show(state);
  };
  const name = [metric.symbol, metric.arrow].filter(Boolean).join(" ");
  return element("th", { scope: "col", "aria-sort": mine ? (falling ? "descending" : "ascending") : undefined, title: meaning(metric) },
    element("button", { type: "button", class: "sort", "data-metric": metric.name, onclick: turn }, name, element("span", { class: "turned", "aria-hidden": "true" }, mine ? (falling ? "▾" : "▴") : "")),
    metric.chance ? element("span", { class: "chance muted" }, `by chance ${metric.chance}`) : null);
}

function meanCell(row, metric, span, pictures, first) {
  const cell = element("td", { class: first ? "first" : undefined });
  if (!row || row.mean === null) {
    cell.append("–");
    cell.title = "Can't be told on any picture so far.";
    return cell;
  }
  const [sign, words] = metric.direction === "none" && row.verdict !== "control" ? ["", "a description that judges nothing"] : STANDINGS[row.verdict] ?? ["", row.verdict];
  const interval = row.low === null ? "" : `${written(metric, row.low)} to ${written(metric, row.high)}`;
  const few = row.n < pictures ? `n ${row.n}` : "";
  const gap = row.difference === null || row.method === "random" ? "" : `; difference to the random control ${written(metric, row.difference)}${row.difference_low === null ? "" : `, ${written(metric, row.difference_low)} to ${written(metric, row.difference_high)}`}`;
  cell.title = `${capital(words)}${gap}; n ${row.n}`;
  cell.append(element("span", { class: "mean" }, written(metric, row.mean), element("span", { class: "sign", "aria-hidden": "true" }, sign), element("span", { class: "hidden" }, ` ${words}`)),
    line(row, span), element("span", { class: "interval muted" }, [interval, few].filter(Boolean).join(" · ") || "one picture"));
  return cell;
}
