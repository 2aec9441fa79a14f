// All heatmaps of a run: cards that fill one by one, under one bar that says how they are shown.

const instances = new WeakMap();

export default function ({ data, parentElement }) {
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.root.classList.toggle("stale", data.stale);
  followOnly(state, data.run, () => begin(state, data), (messages) => take(state, messages));
  return () => { state.unfollow?.(); instances.delete(parentElement); };
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const cards = new Map();
  const state = { root, cards, grid: element("div", { class: "grid" }) };
  state.bar = makeViewBar((name) => (name === "sort" ? sortCards(state) : schedulePaint(state, name)));
  state.enlarged = makeEnlarged(cards, (stage, card) => stage.show(card.map, view, scaleFor(card.map, sharedScale(state))));
  root.replaceChildren(state.bar.place, state.grid, state.enlarged.dialog);
  instances.set(parentElement, state);
  return state;
}

function begin(state, { run, methods }) {
  state.run = run;
  state.enlarged.close();
  state.cards.clear();
  const crop = `/api/jobs/${run}/crop`;
  const enlarge = (name) => state.cards.get(name).map && state.enlarged.open(name, crop, state.cards.get(name).stage.button);
  for (const method of run ? methods : []) state.cards.set(method.name, makeCard(method, crop, enlarge));
  state.grid.replaceChildren(...[...state.cards.values()].map((card) => card.place));
  state.bar.offerSign(false);
}

function take(state, messages) {
  for (const message of messages) {
    const card = state.cards.get(message.method);
    if (!card) continue;
    if (message.kind === "heatmap") receive(state, card, message);
    if (message.kind === "refused") refuse(card, message.reason);
    if (message.kind === "fidelity") {
      showFidelity(card, message);
      if (card.map) card.stage.canvas.setAttribute("aria-label", described(card));
    }
  }
  if (view.sort === "score" && messages.some((message) => message.kind === "fidelity")) sortCards(state);
}

async function receive(state, card, message) {
  const { run } = state;
  const values = await mapOf(run, message.sequence);
  const overtaken = card.message && card.message.sequence > message.sequence;
  if (!values || overtaken || state.run !== run) return;
  card.map = measured(values, message.width);
  showMessage(card, message);
  showFacts(card);
  state.bar.offerSign([...state.cards.values()].some(({ map }) => map && bothSigns(map)));
  if (view.scale === "shared") schedulePaint(state);
  else paintCard(card, view);
}

const scaleFor = (map, shared) => (view.scale === "shared" ? shared : reach(map, view.range));
const painted = (state) => [...state.cards.values()].filter(({ map }) => map);
const sharedScale = (state) => Math.max(0, ...painted(state).map(({ map }) => reach(map, view.range)));

// One map's range may darken all the others: whose it is has to be said.
function sayScale(state, shared) {
  const setter = view.scale === "shared" && painted(state).find(({ map }) => reach(map, view.range) === shared);
  const low = setter && painted(state).some(({ map }) => map.low < 0) ? short(-shared) : "0";
  state.bar.say(setter ? `Shared scale: ${low} to ${short(shared)}, set by ${setter.method.label}. Each card says its own values.` : "");
}

function schedulePaint(state, name) {
  if (name === "opacity") {
    for (const { stage } of state.cards.values()) stage.canvas.style.opacity = view.opacity;
    return;
  }
  state.frame ??= requestAnimationFrame(() => {
    state.frame = undefined;
    const shared = sharedScale(state);
    for (const card of state.cards.values()) paintCard(card, view, shared);
    sayScale(state, shared);
    state.enlarged.refresh();
  });
}

function sortCards(state) {
  const order = [...state.cards.values()];
  if (view.sort === "score") order.sort((one, other) => (other.fidelity?.value ?? -Infinity) - (one.fidelity?.value ?? -Infinity));
  for (const card of order) state.grid.append(card.place);
}
