// Stamps on the model's crop, placed by mouse, pen, touch or keyboard, with undo; beside it the model's answer, asked for
// by a request of its own, so that it follows while a stamp is being dragged.

import { choice, element, photo, pixelAt, plainButton } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { fixed } from "../../components/kit/numbers.js";

const KEPT_MOVES = 200;
const REST = 250;
const LATE = 300;
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const HELP_WORDS = "Click or drag. Keyboard: arrow keys move it by one pixel, with Shift by its own size; Ctrl+Z undoes.";
const STILL_WITH = " The heatmaps show the picture with it.";
const OF_EARLIER = " The heatmaps belong to an earlier position.";
const RESULTS = ".st-key-stamp_results, .st-key-stamp_agreement";

export default component({
  aside: true,

  mount(state) {
    Object.assign(state, { crop: "", stamps: [], spots: [], count: 0, active: 0, past: [], future: [], off: false });
    state.picture = photo({ draggable: "false" });
    state.canvas = element("canvas", {
      class: "pixels", tabindex: 0, role: "application", "aria-describedby": "stamp-help",
      onpointerdown: (event) => take(state, event), onpointermove: (event) => drag(state, event), onpointerup: () => release(state), onpointercancel: () => release(state),
    });
    state.edge = element("span", { class: "edge" });
    state.frame = element("div", { class: "frame" }, state.picture, state.canvas, state.edge);
    state.undo = plainButton("Undo", () => turn(state, state.past, state.future));
    state.redo = plainButton("Redo", () => turn(state, state.future, state.past));
    state.lift = plainButton("Remove the stamp", () => toggle(state), { "aria-pressed": "false" });
    state.which = element("span", {});
    state.bars = element("ul", { class: "bars" });
    state.change = element("p", { class: "change" });
    state.problem = element("p", { class: "muted", role: "status" });
    state.said = element("p", { class: "hidden", role: "status", "aria-live": "polite" });
    state.where = element("p", { class: "muted small" });
    state.root.onkeydown = (event) => pressPlacerKey(state, event);
    return [
      element("div", { class: "stage" },
        element("div", {}, state.frame, element("div", { class: "tools", role: "group", "aria-label": "Position of the stamp" }, state.undo, state.redo, state.lift, state.which)),
        element("div", { class: "answer" },
          element("h2", {}, "The model's answer"), state.change, state.bars,
          element("p", { class: "key muted small" }, keyOf("before", "without the stamp"), keyOf("after", "with it")), state.problem, state.where,
          element("p", { class: "muted small", id: "stamp-help" }, HELP_WORDS))),
      state.said,
    ];
  },

  // What the server knows; places that were sent before the last move here are not taken.
  receive(state) {
    const { data } = state;
    const fresh = state.crop !== data.crop || state.stamps.length !== data.stamps.length;
    if (fresh) showNewCrop(state);
    Object.assign(state, { stamps: data.stamps.map(withColours), ask: data.ask, width: data.width, height: data.height });
    const spots = data.stamps.map(({ left, top }) => ({ left, top }));
    if (data.count >= state.count && !same(spots, state.spots)) {
      if (state.spots.length) rememberSpots(state, state.spots);
      state.spots = spots;
    }
    if (fresh) offerWhich(state);
    state.lift.textContent = state.stamps.length > 1 ? "Remove both" : "Remove the stamp";
    state.spots = state.spots.map((spot, number) => keptInside(state, spot, number));
    if (data.count >= state.count) outdateResults(state, state.off);
    ask(state);
  },

  render(state) {
    const { stamps, spots, active, off, width, height } = state;
    const context = state.canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    if (!off) for (const number of [...stamps.keys()].reverse()) context.drawImage(tile(stamps[number].colours), spots[number].left, spots[number].top);
    const { size } = stamps[active], { left, top } = spots[active];
    const share = (part, all) => `${(100 * part) / all}%`;
    Object.assign(state.edge.style, { left: share(left, width), top: share(top, height), width: share(size, width), height: share(size, height) });
    state.edge.hidden = off;
    state.undo.disabled = !state.past.length && !off;
    state.redo.disabled = !state.future.length;
    state.lift.setAttribute("aria-pressed", String(off));
    state.where.textContent = `${spotWords(state)}${off ? STILL_WITH : state.stale ? OF_EARLIER : ""}`;
  },

  end(state) {
    clearTimeout(state.resting);
    clearTimeout(state.late);
  },
});

const keyOf = (kind, words) => element("span", {}, element("span", { class: `swatch ${kind}` }), words);

function showNewCrop(state) {
  const { crop, count, width, height, title } = state.data;
  Object.assign(state, { crop, count, past: [], future: [], active: 0, off: false, spots: [], answered: null });
  state.picture.src = crop;
  Object.assign(state.canvas, { width, height });
  state.frame.style.aspectRatio = `${width} / ${height}`;
  state.canvas.setAttribute("aria-label", `Place the stamp on the crop of ${title}`);
  state.bars.replaceChildren();
  state.said.textContent = "";
}

function withColours(stamp) {
  const text = atob(stamp.colours);
  const colours = new ImageData(Uint8ClampedArray.from({ length: text.length }, (_, place) => text.charCodeAt(place)), stamp.size, stamp.size);
  return { ...stamp, colours };
}

function tile(colours) {
  const made = new OffscreenCanvas(colours.width, colours.height);
  made.getContext("2d").putImageData(colours, 0, 0);
  return made;
}

function offerWhich(state) {
  const options = state.stamps.map(({ name }, number) => [number, name]);
  state.which.replaceChildren(...(options.length > 1 ? [choice("Stamp to move", options, 0, (number) => { state.active = number; state.redraw(); })] : []));
}

function activate(state, number) {
  state.active = number;
  [...state.which.querySelectorAll("button")].forEach((button, place) => button.setAttribute("aria-pressed", String(place === number)));
}

const same = (some, others) => some.length === others.length && some.every(({ left, top }, number) => left === others[number].left && top === others[number].top);

function keptInside({ stamps, width, height }, { left, top }, number) {
  const { size } = stamps[number];
  return { left: Math.max(0, Math.min(width - size, left)), top: Math.max(0, Math.min(height - size, top)) };
}

function rememberSpots(state, spots) {
  state.past.push(spots);
  if (state.past.length > KEPT_MOVES) state.past.shift();
  state.future = [];
  state.redraw();
}

function turn(state, from, to) {
  if (state.off) return toggle(state);
  const spots = from.pop();
  if (!spots) return;
  to.push(state.spots);
  state.spots = spots.map((spot, number) => keptInside(state, spot, number));
  moved(state);
}

function toggle(state) {
  state.off = !state.off;
  outdateResults(state, state.off);
  state.redraw();
  showAnswer(state);
  announce(state);
}

const holds = ({ stamps, spots }, number, { x, y }) =>
  x >= spots[number].left && y >= spots[number].top && x < spots[number].left + stamps[number].size && y < spots[number].top + stamps[number].size;

// A stamp is held where it was taken; elsewhere the one that is moved comes, its centre under the pointer.
function take(state, event) {
  if (event.button || !state.stamps.length) return;
  state.canvas.setPointerCapture?.(event.pointerId);
  const point = pixelAt(state.canvas, event);
  const order = [state.active, ...state.stamps.keys()].filter((number) => holds(state, number, point));
  state.before = state.spots;
  if (order.length) activate(state, order[0]);
  const { size } = state.stamps[state.active], { left, top } = state.spots[state.active];
  state.held = order.length ? { x: point.x - left, y: point.y - top } : { x: size / 2, y: size / 2 };
  drag(state, event);
}

function drag(state, event) {
  if (!state.held) return;
  const { x, y } = pixelAt(state.canvas, event);
  put(state, Math.round(x - state.held.x), Math.round(y - state.held.y));
}

function release(state) {
  if (!state.held) return;
  state.held = null;
  if (!same(state.before, state.spots)) rememberSpots(state, state.before);
}

function put(state, left, top) {
  const spot = keptInside(state, { left, top }, state.active), now = state.spots[state.active];
  if (!state.off && spot.left === now.left && spot.top === now.top) return;
  state.spots = state.spots.map((old, number) => (number === state.active ? spot : old));
  moved(state);
}

function pressPlacerKey(state, event) {
  if ((event.ctrlKey || event.metaKey) && ["z", "y"].includes(event.key.toLowerCase())) {
    event.preventDefault();
    if (event.key.toLowerCase() === "z" && !event.shiftKey) turn(state, state.past, state.future);
    else turn(state, state.future, state.past);
    return;
  }
  const direction = ARROWS[event.key];
  if (!direction || event.target !== state.canvas || !state.stamps.length) return;
  event.preventDefault();
  const step = event.shiftKey ? state.stamps[state.active].size : 1;
  const { left, top } = state.spots[state.active], before = state.spots;
  put(state, left + step * direction[0], top + step * direction[1]);
  if (!event.repeat && !same(before, state.spots)) rememberSpots(state, before);
}

// Seen at once, answered within moments; the script runs for it when the stamp rests.
function moved(state) {
  state.off = false;
  state.count += 1;
  outdateResults(state, true);
  state.redraw();
  ask(state);
  clearTimeout(state.resting);
  state.resting = setTimeout(() => {
    state.trigger("placed", { places: state.spots.map(({ left, top }) => [left, top]), count: state.count });
    announce(state);
  }, REST);
}

// What stands beside and below is of an earlier place until the script has run for this one.
function outdateResults(state, are) {
  state.stale = are;
  for (const each of document.querySelectorAll(RESULTS)) each.dataset.stale = String(are);
}

const spotWords = ({ off, stamps, spots }) => (off
  ? "Removed: this is the picture without any stamp."
  : stamps.map(({ name, size }, number) => `${name}: left ${spots[number].left}, top ${spots[number].top}, ${size} pixels wide.`).join(" "));

// One question at a time; of all places that come meanwhile the last one is asked about next.
async function ask(state) {
  const address = `${state.ask}&${new URLSearchParams(state.stamps.map(({ written }, number) => ["stamp", `${written},${state.spots[number].left},${state.spots[number].top}`]).reverse())}`;
  state.wanted = address;
  if (state.asking || state.answered?.address === address) return;
  state.asking = true;
  clearTimeout(state.late);
  state.late = setTimeout(() => { state.root.dataset.late = "true"; }, LATE);
  const answered = await fetch(address).then(async (answer) => ({ ...(await answer.json()), address })).catch(() => ({ error: "The server cannot be reached.", address }));
  state.asking = false;
  const subject = state.wanted.startsWith(`${state.ask}&`) && answered.address.startsWith(`${state.ask}&`);
  if (subject) {
    state.answered = answered;
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
  if (state.bars.children.length !== rows.length) state.bars.replaceChildren(...rows.map(() => makeAnswerBar()));
  rows.forEach((row, place) => fillAnswerBar(state.bars.children[place], row.label, row.before, after(row), row === likeliest(rows, after)));
  const first = likeliest(rows, (each) => each.before), then = likeliest(rows, after);
  state.change.replaceChildren(off ? "" : `${first.label} ${fixed(first.before)} → `, element("strong", {}, `${then.label} ${fixed(after(then))}`));
  state.bars.dataset.of = answered.address;
}

const likeliest = (rows, read) => rows.reduce((best, row) => (read(row) > read(best) ? row : best));

function makeAnswerBar() {
  return element("li", {}, element("span", { class: "label" }), element("span", { class: "figures" }),
    element("span", { class: "track before", "aria-hidden": "true" }, element("span")), element("span", { class: "track", "aria-hidden": "true" }, element("span")));
}

function fillAnswerBar(bar, label, before, after, first) {
  const [name, figures, was, is] = bar.children;
  name.textContent = name.title = label;
  figures.textContent = `${fixed(before)} → ${fixed(after)}`;
  was.firstChild.style.width = `${100 * before}%`;
  is.firstChild.style.width = `${100 * after}%`;
  bar.classList.toggle("first", first);
}

// For those who hear the page: once the stamp rests, not at every pixel.
function announce(state) {
  const rows = state.answered?.classes, when = state.off ? "before" : "after";
  const likeliestWords = (moment) => {
    const row = likeliest(rows, (each) => each[moment]);
    return `${row.label}, ${fixed(row[moment])}`;
  };
  const says = rows ? ` The model says ${likeliestWords(when)}${state.off ? "" : `; without the stamp ${likeliestWords("before")}`}.` : "";
  state.said.textContent = `${spotWords(state)}${says}`;
}
