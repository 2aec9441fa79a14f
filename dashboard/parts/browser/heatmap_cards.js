// All heatmaps of a run, or of several side by side: cards that fill one by one, under one bar that says how they are shown.

const instances = new WeakMap();
const NO_MAP = {
  done: "This method gave no map.",
  cancelled: "Cancelled before there was a map.",
  failed: "The run failed before there was a map.",
  gone: "The server no longer keeps this run.",
};

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement, JUDGES[data.judge]);
  state.root.classList.toggle("stale", data.stale);
  showColumns(state, data.runs);
  return whenGone(parentElement, () => state.columns.forEach(({ unfollow }) => unfollow?.()));
}

function mount(parentElement, judge) {
  const root = parentElement.querySelector(".root");
  const state = { root, judge, columns: [], place: element("div", { class: "columns" }) };
  state.bar = makeViewBar((name) => (name === "sort" ? sortCards(state) : schedulePaint(state, name)), judge);
  state.enlarged = makeEnlarged(() => painted(state), (stage, card) => stage.show(card.map, view, scaleFor(card.map, sharedScale(state))));
  root.replaceChildren(state.bar.place, state.place, state.enlarged.dialog);
  instances.set(parentElement, state);
  return state;
}

// A column a run; those that stay keep their place in the page.
function showColumns(state, runs) {
  for (const { unfollow, place } of state.columns.splice(runs.length)) {
    unfollow?.();
    place.remove();
  }
  state.place.dataset.count = runs.length;
  runs.forEach((told, place) => {
    const column = (state.columns[place] ??= addColumn(state));
    column.title = column.heading.textContent = told.title;
    followOnly(column, told.run, () => begin(state, column, told), (messages, job) => take(state, column, messages, job));
  });
}

function addColumn(state) {
  const column = { judge: state.judge, cards: new Map(), heading: element("p", { class: "model" }), grid: element("div", { class: "grid" }) };
  column.place = element("div", {}, column.heading, column.grid);
  state.place.append(column.place);
  return column;
}

function begin(state, column, { run, methods }) {
  column.run = run;
  column.job = null;
  state.enlarged.close();
  const enlarge = (card) => card.map && state.enlarged.open(card);
  const kept = state.judge.keeps ? new Map(column.cards) : new Map();
  column.cards.clear();
  const crop = `/api/jobs/${run}/crop`;
  for (const method of methods) column.cards.set(method.name, keptCard(kept.get(method.name), method, crop) ?? makeCard(method, column, crop, enlarge));
  column.grid.replaceChildren(...[...column.cards.values()].map((card) => card.place));
  offerSign(state);
}

function keptCard(card, method, crop) {
  if (!card?.map || card.place.dataset.state === "refused") return undefined;
  Object.assign(card, { method, crop, coming: null });
  card.settings.textContent = method.settings;
  outdate(card);
  return card;
}

function take(state, column, messages, job) {
  column.job = job;
  for (const message of messages) {
    const card = column.cards.get(message.method);
    if (!card) continue;
    if (message.kind === "heatmap") receive(state, card, message);
    if (message.kind === "refused") refuse(card, message.reason);
    const judged = state.judge.read(message, card.judged);
    if (judged !== undefined) showJudged(card, state.judge, judged);
  }
  if (view.sort === "score" && messages.some(({ kind }) => state.judge.kinds.includes(kind))) sortCards(state);
  if (ENDED.includes(job.state)) for (const card of column.cards.values()) endCard(card, NO_MAP[job.state]);
}

async function receive(state, card, message) {
  const { column } = card, { run } = column;
  card.coming = message;
  const values = await mapOf(run, message.sequence);
  if (column.run !== run || card.coming !== message) return;
  card.coming = null;
  if (values) {
    card.map = measured(values, message.width);
    card.stage.see(card.crop);
    showMessage(card, message);
    showFacts(card);
    offerSign(state);
    if (view.scale === "shared") schedulePaint(state);
    else paintCard(card, view);
  }
  if (ENDED.includes(column.job?.state)) endCard(card, NO_MAP[column.job.state]);
}

const painted = (state) => state.columns.flatMap(({ cards }) => [...cards.values()]).filter(({ map }) => map);
const offerSign = (state) => state.bar.offerSign(painted(state).some(({ map }) => bothSigns(map)));
const scaleFor = (map, shared) => (view.scale === "shared" ? shared : reach(map, view.range));
const sharedScale = (state) => Math.max(0, ...painted(state).map(({ map }) => reach(map, view.range)));

// One map's range may darken all the others: whose it is has to be said.
function sayScale(state, shared) {
  const setter = view.scale === "shared" && painted(state).find(({ map }) => reach(map, view.range) === shared);
  const low = setter && painted(state).some(({ map }) => map.low < 0) ? short(-shared) : "0";
  state.bar.say(setter ? `Shared scale: ${low} to ${short(shared)}, set by ${fullName(setter)}. Each card says its own values.` : "");
}

function schedulePaint(state, name) {
  if (name === "opacity") {
    for (const { stage } of painted(state)) stage.canvas.style.opacity = view.opacity;
    return;
  }
  state.frame ??= requestAnimationFrame(() => {
    state.frame = undefined;
    const shared = sharedScale(state);
    for (const card of painted(state)) paintCard(card, view, shared);
    sayScale(state, shared);
    state.enlarged.refresh();
  });
}

const goodness = ({ judge }, { judged }) => (judged === null ? -Infinity : judge.goodness(judged));

function sortCards(state) {
  for (const { cards, grid } of state.columns) {
    const order = [...cards.values()];
    if (view.sort === "score") order.sort((one, other) => goodness(state, other) - goodness(state, one));
    for (const card of order) grid.append(card.place);
  }
}
