// Stamps on the model's crop, placed by mouse, pen, touch or keyboard, with undo; beside it the model's answer, asked for
// on a way of its own, so that it follows while a stamp is being dragged.

const instances = new WeakMap();
const MOST_UNDO = 200;
const REST = 250;
const LATE = 300;
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export default function ({ data, parentElement, setTriggerValue }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.tell = () => setTriggerValue("placed", { places: state.places.map(({ left, top }) => [left, top]), count: state.count });
  receive(state, data);
  return whenGone(parentElement, () => { clearTimeout(state.resting); clearTimeout(state.late); });
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { root, subject: "", stamps: [], places: [], count: 0, active: 0, past: [], future: [], off: false };
  state.picture = photo({ draggable: "false" });
  state.canvas = element("canvas", { class: "pixels", tabindex: 0, role: "application", "aria-describedby": "stamp-help" });
  state.edge = element("span", { class: "edge" });
  state.frame = element("div", { class: "frame" }, state.picture, state.canvas, state.edge);
  state.undo = plain("Undo", () => turn(state, state.past, state.future));
  state.redo = plain("Redo", () => turn(state, state.future, state.past));
  state.take = plain("Take the stamp off", () => toggle(state), "false");
  state.which = element("span", {});
  state.bars = element("ul", { class: "bars" });
  state.change = element("p", { class: "change" });
  state.problem = element("p", { class: "muted", role: "status" });
  state.said = element("p", { class: "hidden", role: "status", "aria-live": "polite" });
  state.where = element("p", { class: "muted small" });
  root.replaceChildren(
    element("div", { class: "stage" },
      element("div", {}, state.frame, element("div", { class: "tools", role: "group", "aria-label": "The stamp's place" }, state.undo, state.redo, state.take, state.which)),
      element("div", { class: "answer" },
        element("h2", {}, "What the model says"), state.change, state.bars,
        element("p", { class: "key muted small" }, keyOf("before", "without the stamp"), keyOf("after", "with it")), state.problem, state.where,
        element("p", { class: "muted small", id: "stamp-help" }, "Click or drag. With the keyboard: arrow keys move it by a pixel, with Shift by its own size; Ctrl+Z takes a move back."))),
    state.said);
  state.canvas.onpointerdown = (event) => press(state, event);
  state.canvas.onpointermove = (event) => drag(state, event);
  state.canvas.onpointerup = state.canvas.onpointercancel = () => lift(state);
  root.onkeydown = (event) => key(state, event);
  instances.set(parentElement, state);
  return state;
}

const keyOf = (kind, words) => element("span", {}, element("span", { class: `swatch ${kind}` }), words);

const plain = (words, onclick, pressed) => element("button", { type: "button", class: "plain", "aria-pressed": pressed, onclick }, words);

// What the server knows; places that are older than what was done here since are not taken.
function receive(state, data) {
  const fresh = state.subject !== data.crop || state.stamps.length !== data.stamps.length;
  if (fresh) {
    Object.assign(state, { subject: data.crop, count: data.count, past: [], future: [], active: 0, off: false, places: [] });
    state.picture.src = data.crop;
    Object.assign(state.canvas, { width: data.width, height: data.height });
    state.frame.style.aspectRatio = `${data.width} / ${data.height}`;
    state.canvas.setAttribute("aria-label", `Place the stamp on the crop of ${data.title}`);
    state.bars.replaceChildren();
    state.answered = null;
    state.said.textContent = "";
  }
  Object.assign(state, { stamps: data.stamps.map(withColours), ask: data.ask, width: data.width, height: data.height });
  const places = data.stamps.map(({ left, top }) => ({ left, top }));
  if (data.count >= state.count && !same(places, state.places)) {
    if (state.places.length) remember(state);
    state.places = places;
  }
  if (fresh) offerWhich(state);
  state.take.textContent = state.stamps.length > 1 ? "Take both off" : "Take the stamp off";
  state.places = state.places.map((place, number) => kept(state, place, number));
  if (data.count >= state.count) outdated(state, state.off);
  draw(state);
  ask(state);
}

function withColours(stamp) {
  const text = atob(stamp.colours);
  const colours = new ImageData(Uint8ClampedArray.from({ length: text.length }, (_, place) => text.charCodeAt(place)), stamp.size, stamp.size);
  return { ...stamp, colours };
}

function offerWhich(state) {
  const options = state.stamps.map(({ name }, number) => [number, name]);
  state.which.replaceChildren(...(options.length > 1 ? [choice("What is moved", options, 0, (number) => { state.active = number; draw(state); })] : []));
}

function activate(state, number) {
  state.active = number;
  [...state.which.querySelectorAll("button")].forEach((button, place) => button.setAttribute("aria-pressed", String(place === number)));
}

const same = (some, others) => some.length === others.length && some.every(({ left, top }, number) => left === others[number].left && top === others[number].top);

function kept({ stamps, width, height }, { left, top }, number) {
  const { size } = stamps[number];
  return { left: Math.max(0, Math.min(width - size, left)), top: Math.max(0, Math.min(height - size, top)) };
}

function remember(state) {
  state.past.push(state.places);
  if (state.past.length > MOST_UNDO) state.past.shift();
  state.future = [];
}

function turn(state, from, to) {
  if (state.off) return toggle(state);
  const places = from.pop();
  if (!places) return;
  to.push(state.places);
  state.places = places.map((place, number) => kept(state, place, number));
  moved(state);
}

function toggle(state) {
  state.off = !state.off;
  outdated(state, state.off);
  draw(state);
  showAnswer(state);
  announce(state);
}

function at(state, event) {
  const place = state.canvas.getBoundingClientRect();
  return { x: ((event.clientX - place.left) / place.width) * state.width, y: ((event.clientY - place.top) / place.height) * state.height };
}

const holds = ({ stamps, places }, number, { x, y }) =>
  x >= places[number].left && y >= places[number].top && x < places[number].left + stamps[number].size && y < places[number].top + stamps[number].size;

// A stamp is held where it was taken; elsewhere the one that is moved comes, its middle under the pointer.
function press(state, event) {
  if (event.button || !state.stamps.length) return;
  state.canvas.setPointerCapture?.(event.pointerId);
  const point = at(state, event);
  const order = [state.active, ...state.stamps.keys()].filter((number) => holds(state, number, point));
  state.before = state.places;
  if (order.length) activate(state, order[0]);
  const { size } = state.stamps[state.active], { left, top } = state.places[state.active];
  state.held = order.length ? { x: point.x - left, y: point.y - top } : { x: size / 2, y: size / 2 };
  drag(state, event);
}

function drag(state, event) {
  if (!state.held) return;
  const { x, y } = at(state, event);
  put(state, Math.round(x - state.held.x), Math.round(y - state.held.y));
}

function lift(state) {
  if (!state.held) return;
  state.held = null;
  if (same(state.before, state.places)) return;
  state.past.push(state.before);
  state.future = [];
  draw(state);
}

function put(state, left, top) {
  const place = kept(state, { left, top }, state.active), now = state.places[state.active];
  if (!state.off && place.left === now.left && place.top === now.top) return;
  state.places = state.places.map((old, number) => (number === state.active ? place : old));
  moved(state);
}

function key(state, event) {
  if ((event.ctrlKey || event.metaKey) && ["z", "y"].includes(event.key.toLowerCase())) {
    event.preventDefault();
    if (event.key.toLowerCase() === "z" && !event.shiftKey) turn(state, state.past, state.future);
    else turn(state, state.future, state.past);
    return;
  }
  const way = ARROWS[event.key];
  if (!way || event.target !== state.canvas || !state.stamps.length) return;
  event.preventDefault();
  const step = event.shiftKey ? state.stamps[state.active].size : 1;
  const { left, top } = state.places[state.active], before = state.places;
  put(state, left + step * way[0], top + step * way[1]);
  if (!event.repeat && !same(before, state.places)) {
    state.past.push(before);
    state.future = [];
    draw(state);
  }
}

// Seen at once, answered within moments; the page below is told when the stamp rests.
function moved(state) {
  state.off = false;
  state.count += 1;
  outdated(state, true);
  draw(state);
  ask(state);
  clearTimeout(state.resting);
  state.resting = setTimeout(() => {
    state.tell();
    announce(state);
  }, REST);
}

// What stands below is of an earlier place until the script has run for this one.
const outdated = (state, are) => {
  state.older = are;
  const below = document.querySelector(".st-key-stamp_results");
  if (below) below.dataset.older = String(are);
};

function draw(state) {
  const context = state.canvas.getContext("2d");
  context.clearRect(0, 0, state.width, state.height);
  const { stamps, places, active, off } = state;
  if (!off) for (const number of [...stamps.keys()].reverse()) context.drawImage(tile(stamps[number].colours), places[number].left, places[number].top);
  const { size } = stamps[active], { left, top } = places[active];
  Object.assign(state.edge.style, { left: `${(100 * left) / state.width}%`, top: `${(100 * top) / state.height}%`, width: `${(100 * size) / state.width}%`, height: `${(100 * size) / state.height}%` });
  state.edge.hidden = off;
  state.undo.disabled = !state.past.length && !off;
  state.redo.disabled = !state.future.length;
  state.take.setAttribute("aria-pressed", String(off));
  state.where.textContent = `${whereabouts(state)}${off ? STILL_WITH : state.older ? " The heatmaps below are of an earlier place, and follow when it rests." : ""}`;
}

function tile(colours) {
  const made = new OffscreenCanvas(colours.width, colours.height);
  made.getContext("2d").putImageData(colours, 0, 0);
  return made;
}

const STILL_WITH = " The heatmaps below are of the picture with it.";
const whereabouts = ({ off, stamps, places }) => (off
  ? "Off: this is the picture without any stamp."
  : stamps.map(({ name, size }, number) => `${name}: left ${places[number].left}, top ${places[number].top}, ${size} pixels wide.`).join(" "));

// One question at a time; of all places that come meanwhile the last one is asked about next.
async function ask(state) {
  const address = `${state.ask}&${new URLSearchParams(state.stamps.map(({ told }, number) => ["stamp", `${told},${state.places[number].left},${state.places[number].top}`]).reverse())}`;
  state.wanted = address;
  if (state.asking || state.answered?.address === address) return;
  state.asking = true;
  clearTimeout(state.late);
  state.late = setTimeout(() => { state.root.dataset.late = "true"; }, LATE);
  const told = await fetch(address).then(async (answer) => ({ ...(await answer.json()), address })).catch(() => ({ error: "The server can't be reached.", address }));
  state.asking = false;
  const subject = state.wanted.startsWith(`${state.ask}&`) && told.address.startsWith(`${state.ask}&`);
  if (subject) {
    state.answered = told;
    showAnswer(state);
  }
  if (state.wanted !== address) return void ask(state);
  clearTimeout(state.late);
  delete state.root.dataset.late;
  if (!state.said.textContent) announce(state);
}

function showAnswer(state) {
  const { answered, off } = state;
  if (!answered) return;
  state.problem.textContent = answered.error ?? "";
  if (answered.error) return;
  const after = (each) => (off ? each.before : each.after);
  const rows = answered.classes;
  if (state.bars.children.length !== rows.length) state.bars.replaceChildren(...rows.map(() => makeBar()));
  rows.forEach((row, place) => fillBar(state.bars.children[place], row.label, row.before, after(row), row === likeliest(rows, after)));
  const first = likeliest(rows, (each) => each.before), then = likeliest(rows, after);
  state.change.replaceChildren(off ? "" : `${first.label} ${fixed(first.before)} → `, element("strong", {}, `${then.label} ${fixed(after(then))}`));
  state.bars.dataset.of = answered.address;
}

const likeliest = (rows, read) => rows.reduce((best, row) => (read(row) > read(best) ? row : best));

function makeBar() {
  return element("li", {}, element("span", { class: "label" }), element("span", { class: "figures" }),
    element("span", { class: "track before", "aria-hidden": "true" }, element("span")), element("span", { class: "track", "aria-hidden": "true" }, element("span")));
}

function fillBar(bar, label, before, after, first) {
  const [name, figures, was, is] = bar.children;
  name.textContent = name.title = label;
  figures.textContent = `${fixed(before)} → ${fixed(after)}`;
  was.firstChild.style.width = `${100 * before}%`;
  is.firstChild.style.width = `${100 * after}%`;
  bar.classList.toggle("first", first);
}

// For those who hear the page: once the stamp rests, not at every pixel.
function announce(state) {
  const { answered } = state;
  const rows = answered?.classes;
  const says = rows ? ` The model says ${told(likeliest(rows, (each) => (state.off ? each.before : each.after)), state.off ? "before" : "after")}${state.off ? "" : `; without the stamp ${told(likeliest(rows, (each) => each.before), "before")}`}.` : "";
  state.said.textContent = `${whereabouts(state)}${says}`;
}

const told = (row, when) => `${row.label}, ${fixed(row[when])}`;
