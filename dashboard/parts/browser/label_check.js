// Networks that learned true and shuffled labels: what each came to, a row a method with its map of one picture by each,
// and over all pictures how like the first one's maps those of the others are.

const instances = new WeakMap();
const AS_IT_IS = { sign: "both", share: 1, range: "clipped", scale: "own" };
const SPARK = { width: 144, height: 28 };

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement, data);
  state.data = data;
  state.root.classList.toggle("stale", data.stale);
  followOnly(state, data.run, () => begin(state), (messages, job) => take(state, messages, job));
  return whenGone(parentElement, () => state.unfollow?.());
}

function mount(parentElement, data) {
  const root = parentElement.querySelector(".root");
  const state = { root, similarity: data.judged, picture: 0 };
  state.said = element("p", { role: "status" });
  state.networks = element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "What the networks learned" });
  state.pictures = element("span", { class: "pictures", role: "group", "aria-label": "Picture of which maps are shown" });
  state.bar = element("div", { class: "bar", role: "group", "aria-label": "What the table shows" },
    field("Maps of", state.pictures),
    field("Likeness", selection("Likeness", Object.entries(SIMILARITIES).map(([name, [words]]) => [name, words]), state.similarity, (name) => { state.similarity = name; schedule(state); })));
  state.table = element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Maps and verdicts by method" });
  state.about = element("p", { class: "muted small" });
  state.pair = makePair([], () => state.opener?.focus());
  root.replaceChildren(state.said, state.networks, state.bar, state.about, state.table, element("details", {}, element("summary", {}, "The criterion"), element("p", {}, data.criterion)), state.pair.dialog);
  instances.set(parentElement, state);
  return state;
}

function begin(state) {
  const { data } = state;
  Object.assign(state, { maps: new Map(), verdicts: new Map(), refused: new Map(), epochs: new Map(), ready: null, job: null, picture: 0 });
  state.pair.close();
  state.buttons = data.pictures.map(({ title, source }, place) => element("button", { type: "button", "aria-label": title, title, onclick: () => showPicture(state, place) }, photo({ src: source })));
  state.pictures.replaceChildren(...state.buttons);
  state.rows = new Map(data.methods.map((method) => [method.name, makeRow(state, method)]));
  state.table.replaceChildren(element("table", { class: "checked" }, element("caption", { class: "hidden" }, "Maps of the chosen picture by each network, and likenesses over all pictures"),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Method"),
      ...Object.values(data.roles).map((words) => element("th", { scope: "col", class: "map" }, words)),
      element("th", { scope: "col", class: "likeness" }, "Trained anew, all pictures"), element("th", { scope: "col", class: "likeness" }, "Shuffled labels, all pictures"), element("th", { scope: "col", class: "words" }, "In words"))),
    element("tbody", {}, ...[...state.rows.values()].map((row) => row.place))));
  showPicture(state, 0);
}

function makeRow(state, method) {
  const row = { method, cells: new Map(), standing: element("span", { class: "standing muted" }), anew: element("td", { class: "likeness" }), shuffled: element("td", { class: "likeness" }), words: element("td", { class: "words" }) };
  const name = nameCell(method, method.name);
  name.append(row.standing);
  for (const role of Object.keys(state.data.roles)) {
    const canvas = element("canvas", { hidden: true });
    const cell = { row, role, canvas, message: null, map: null, value: element("span", { class: "value" }, "\u00a0") };
    cell.button = element("button", { type: "button", disabled: true, onclick: () => enlarge(state, cell) }, canvas);
    cell.place = element("td", { class: "map", "data-role": role }, cell.button, cell.value);
    row.cells.set(role, cell);
  }
  row.place = element("tr", { "data-method": method.name }, name, ...[...row.cells.values()].map(({ place }) => place), row.anew, row.shuffled, row.words);
  return row;
}

function take(state, messages, job) {
  for (const message of messages) {
    const { kind, method } = message;
    if (kind === "network_epoch") state.epochs.set(message.role, [...(state.epochs.get(message.role) ?? []), message]);
    if (kind === "networks") state.ready = message;
    if (kind === "label_map") state.maps.set(`${message.picture} ${message.role} ${method}`, message);
    if (kind === "labels") state.verdicts.set(method, message);
    if (kind === "refused") state.refused.set(method, message.reason);
  }
  state.job = job;
  schedule(state);
}

function schedule(state) {
  state.frame ??= requestAnimationFrame(() => { state.frame = undefined; render(state); });
}

function showPicture(state, place) {
  state.picture = place;
  state.buttons.forEach((button, each) => button.setAttribute("aria-pressed", String(each === place)));
  for (const row of state.rows.values()) for (const cell of row.cells.values()) empty(cell);
  schedule(state);
}

function empty(cell) {
  Object.assign(cell, { message: null, map: null });
  cell.canvas.hidden = cell.button.disabled = true;
}

const isOver = ({ job }) => ENDED.includes(job?.state);

function render(state) {
  const { data, ready, verdicts, rows } = state;
  state.said.textContent = said(state);
  showNetworks(state);
  state.bar.hidden = state.table.hidden = state.about.hidden = Boolean(ready && !ready.sound);
  const [words, meaning] = SIMILARITIES[state.similarity];
  const judged = state.similarity === data.judged ? `a method passes that lies surely below the thin mark, half of what training anew leaves, and fails surely above ${data.half}` : `the verdict is about another one, ${SIMILARITIES[data.judged][0]}`;
  state.about.textContent = `${words}: ${meaning}, each with those of the first network; 1 is the same map. The bars are 95 % intervals over pictures; ${judged}.`;
  const known = new Set([...state.maps.values()].map(({ picture }) => picture));
  state.buttons.forEach((button, place) => { button.disabled = !known.has(place); button.hidden = button.disabled && isOver(state); });
  const span = spanFor([...verdicts.values()], state.similarity);
  for (const row of rows.values()) showRow(state, row, span);
}

const WAITING = { queued: "The check waits for its turn.", running: "The networks are on their way." };

function said(state) {
  const { ready, verdicts, data, job } = state;
  if (ready && !ready.sound) return ready.sentence;
  if (verdicts.size) return standingsLine(data.methods, verdicts);
  if (ready) return isOver(state) ? "No map could be compared." : "The first picture is on its way.";
  return isOver(state) ? "The check ended before the networks were there." : state.epochs.size ? "The networks learn." : WAITING[job?.state] ?? "";
}

function showNetworks({ networks, data, epochs, ready }) {
  const known = new Map((ready?.learned ?? []).map((each) => [each.role, each]));
  const rows = Object.entries(data.roles).map(([role, title]) => {
    const past = epochs.get(role) ?? [], last = known.get(role) ?? past.at(-1);
    return element("tr", { "data-role": role }, element("th", { scope: "row" }, title), ...(epochs.size ? [element("td", {}, spark(past, title, data.enough))] : []),
      element("td", {}, last ? exactly(last.accuracy) : "…"), element("td", {}, last ? exactly(last.held_out) : "…"));
  });
  const heads = ["Network", ...(epochs.size ? ["As it learned"] : []), "Training pictures named as told", "Test pictures named rightly, by chance 10 %"];
  networks.replaceChildren(element("table", { class: "networks" }, element("caption", { class: "hidden" }, "What the networks learned"),
    element("thead", {}, element("tr", {}, ...heads.map((words) => element("th", { scope: "col" }, words)))), element("tbody", {}, ...rows)));
}

const exactly = (share) => `${(100 * share).toFixed(1)} %`;

// The share of its training pictures that a network names as it was told, epoch by epoch; dotted what it takes.
function spark(past, title, enough) {
  const { width, height } = SPARK;
  const y = (share) => height * (1 - share);
  const points = past.map(({ epoch, epochs, accuracy }) => `${((width * (epoch - 1)) / Math.max(1, epochs - 1)).toFixed(1)},${y(accuracy).toFixed(1)}`);
  const words = past.length ? `${title}, epoch ${past.at(-1).epoch} of ${past.at(-1).epochs}: ${exactly(past.at(-1).accuracy)} named as told` : `${title}: not begun`;
  return drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words },
    drawn("line", { class: "least", x1: 0, x2: width, y1: y(enough), y2: y(enough) }), drawn("polyline", { points: points.join(" ") }));
}

function spanFor(verdicts, similarity) {
  const ends = verdicts.flatMap(({ retrained, shuffled }) => [retrained[similarity], shuffled[similarity]]).flatMap(({ mean, low }) => [mean, low]).filter((value) => value !== null);
  return { low: Math.min(0, ...ends), high: 1 };
}

function showRow(state, row, span) {
  const { verdicts, refused, similarity, data } = state, { name } = row.method;
  const verdict = verdicts.get(name), reason = refused.get(name);
  row.place.dataset.state = reason && !verdict ? "refused" : verdict ? "judged" : "waiting";
  row.place.dataset.standing = verdict?.standing ?? "";
  row.standing.textContent = verdict ? `${STANDINGS[verdict.standing][0]} ${standingWords(verdict)}` : reason ? "does not apply" : "";
  row.words.textContent = [verdict?.sentence, reason].filter(Boolean).join(" ");
  if (verdict) {
    const anew = verdict.retrained[similarity], other = verdict.shuffled[similarity];
    row.anew.replaceChildren(...figures(anew, span, null));
    row.shuffled.replaceChildren(...figures(other, span, anew.mean === null || similarity !== data.judged ? null : { mean: data.half * anew.mean }));
  }
  for (const cell of row.cells.values()) showCell(state, cell);
}

function figures({ mean, low, high, n }, span, half) {
  if (mean === null) return [element("span", { class: "muted" }, "can't be told")];
  const reach = low === null ? "one picture" : `${fixed(low)} to ${fixed(high)}`;
  return [element("span", { class: "mean", title: counted(n, "picture") }, fixed(mean)), line({ mean, low, high }, { ...span, random: half?.mean ?? null }), element("span", { class: "interval muted" }, reach)];
}

function showCell(state, cell) {
  const message = state.maps.get(`${state.picture} ${cell.role} ${cell.row.method.name}`);
  const value = message && cell.role !== "true" ? (message[state.similarity] === null ? "–" : fixed(message[state.similarity])) : "\u00a0";
  if (cell.value.textContent !== value) cell.value.textContent = value;
  const words = cellWords(state, cell, message);
  if (cell.button.getAttribute("aria-label") !== words) cell.button.setAttribute("aria-label", words);
  if (message && cell.message !== message) fetchMap(state, cell, message);
}

function cellWords({ data, picture }, { role, row }, message) {
  const what = `${row.method.label}, ${data.roles[role]}, ${data.pictures[picture]?.title ?? "picture"}`;
  if (!message) return `${what}: no map yet`;
  return role === "true" ? `${what}: for ${message.target}` : `${what}: ${similarWords(message)}`;
}

const similarWords = (message) => alikeWords((name) => message[name]);

async function fetchMap(state, cell, message) {
  const { run } = state.data;
  cell.message = message;
  const values = await mapOf(run, message.sequence);
  if (!values || state.data.run !== run || cell.message !== message) return;
  cell.map = measured(values, message.width);
  cell.canvas.classList.add("pixels");
  cell.canvas.hidden = cell.button.disabled = false;
  paint(cell.canvas, cell.map, { ...view, ...AS_IT_IS }, reach(cell.map, AS_IT_IS.range));
}

function enlarge(state, cell) {
  state.opener = cell.button;
  const first = cell.row.cells.get("true");
  state.pair.fill(cell.row.method.label, [first, ...(cell === first ? [] : [cell])].filter(({ map }) => map).map((each) => portrait(state, each)));
  state.pair.dialog.showModal();
}

function portrait(state, cell) {
  const { data, picture } = state, words = cellWords(state, cell, cell.message);
  const stage = makeStage(data.pictures[picture].source, () => {}, `Read the values with the arrow keys: ${words}`);
  stage.canvas.setAttribute("aria-label", words);
  stage.show(cell.map, { ...view, ...AS_IT_IS }, reach(cell.map, AS_IT_IS.range));
  const told = cell.role === "true" ? `Explained: ${cell.message.target}, the class that this network predicts.` : `${similarWords(cell.message)}.`;
  return portraitOf(stage, capital(data.roles[cell.role]), element("p", {}, told), element("p", { class: "muted" }, cell.message.notes.join(" ")));
}
