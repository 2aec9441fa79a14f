// The place of the cue, marked on the model's crop: a box or a brush, by pointer, touch or keyboard, with undo.

const instances = new WeakMap();
const MOST_UNDO = 60;
const KEYS_REST = 350;
const SHADE = [15, 142, 156, 150];

export default function ({ data, parentElement, setTriggerValue }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.tell = (bits) => setTriggerValue("marked", { bits, count: state.count });
  receive(state, data);
  return whenGone(parentElement, () => clearTimeout(state.waiting));
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { root, tool: "box", size: 9, count: 0, past: [], subject: "", box: null, cursor: null };
  state.picture = photo({ draggable: "false" });
  state.canvas = element("canvas", { tabindex: 0, role: "application" });
  state.frame = element("div", { class: "frame" }, state.picture, state.canvas);
  state.undo = element("button", { type: "button", class: "plain", onclick: () => undo(state) }, "Undo");
  state.clear = element("button", { type: "button", class: "plain", onclick: () => clear(state) }, "Clear");
  state.brush = element("input", { type: "range", min: 1, max: 41, step: 2, value: state.size, "aria-label": "Width of the brush in pixels", oninput: () => { state.size = Number(state.brush.value); draw(state); } });
  state.brushField = element("span", { class: "field", hidden: true }, element("span", { class: "muted", "aria-hidden": "true" }, "Brush"), state.brush);
  state.said = element("p", { class: "muted", role: "status" });
  state.help = element("p", { class: "muted small", id: "marker-help" });
  root.replaceChildren(
    element("div", { class: "tools", role: "group", "aria-label": "Tools" },
      choice("Tool", [["box", "Box"], ["brush", "Brush"]], "box", (tool) => choose(state, tool)), state.brushField, state.undo, state.clear),
    state.frame, state.said, state.help);
  state.canvas.onpointerdown = (event) => press(state, event);
  state.canvas.onpointermove = (event) => drag(state, event);
  state.canvas.onpointerup = state.canvas.onpointercancel = () => lift(state);
  state.canvas.onkeydown = (event) => key(state, event);
  instances.set(parentElement, state);
  return state;
}

// What the server knows; an answer to something older than what was drawn since is not taken.
function receive(state, data) {
  const subject = `${data.crop} ${data.height} ${data.width}`;
  if (state.subject !== subject) {
    Object.assign(state, { subject, height: data.height, width: data.width, past: [], box: null, cursor: null, count: data.count, mask: new Uint8Array(data.height * data.width) });
    state.size = Math.max(1, Math.min(41, 2 * Math.round(data.width / 32) + 1));
    state.brush.value = state.size;
    Object.assign(state.canvas, { width: data.width, height: data.height });
    state.frame.style.aspectRatio = `${data.width} / ${data.height}`;
    state.picture.src = data.crop;
    state.canvas.setAttribute("aria-label", `Mark the cue on the crop of ${data.title}`);
    choose(state, state.tool);
  }
  if (data.count < state.count) return;
  if (data.bits !== packed(whole(state))) {
    if (whole(state).some(Boolean)) remember(state);
    Object.assign(state, { mask: unpacked(data.bits, data.height * data.width), box: null });
  }
  draw(state);
}

function choose(state, tool) {
  settle(state);
  state.tool = tool;
  state.brushField.hidden = tool !== "brush";
  state.help.textContent = tool === "box"
    ? "Draw a box. With the keyboard: arrow keys move it, with Shift they change its size, Enter begins another."
    : "Paint. With the keyboard: arrow keys move the brush, Space paints.";
  draw(state);
}

const remember = (state) => {
  state.past.push({ mask: state.mask.slice(), box: state.box && { ...state.box } });
  if (state.past.length > MOST_UNDO) state.past.shift();
};

function undo(state) {
  const before = state.past.pop();
  if (!before) return;
  Object.assign(state, before);
  send(state);
}

function clear(state) {
  remember(state);
  Object.assign(state, { mask: new Uint8Array(state.height * state.width), box: null });
  send(state);
}

// The box becomes part of what is marked, so that another can be drawn.
function settle(state) {
  if (!state.box) return;
  state.mask = whole(state);
  state.box = null;
}

function whole({ mask, box, width }) {
  const all = mask.slice();
  if (box) for (let row = box.top; row < box.bottom; row++) all.fill(1, row * width + box.left, row * width + box.right);
  return all;
}

function at(state, event) {
  const place = state.canvas.getBoundingClientRect();
  const inside = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
  return { column: inside((event.clientX - place.left) / place.width, state.width), row: inside((event.clientY - place.top) / place.height, state.height) };
}

function press(state, event) {
  if (event.button) return;
  state.canvas.setPointerCapture?.(event.pointerId);
  remember(state);
  state.from = at(state, event);
  if (state.tool === "box") settle(state);
  else paint(state, state.from, state.from);
  draw(state);
}

function drag(state, event) {
  if (!state.from) return;
  const to = at(state, event);
  if (state.tool === "box") state.box = boxBetween(state.from, to);
  else {
    paint(state, state.from, to);
    state.from = to;
  }
  draw(state);
}

function lift(state) {
  if (!state.from) return;
  state.from = null;
  send(state);
}

const boxBetween = (one, other) => ({
  left: Math.min(one.column, other.column), right: Math.max(one.column, other.column) + 1,
  top: Math.min(one.row, other.row), bottom: Math.max(one.row, other.row) + 1,
});

// Round dabs from one place to the other.
function paint(state, from, to) {
  const steps = Math.max(1, Math.abs(to.row - from.row), Math.abs(to.column - from.column));
  const radius = state.size / 2, reach = Math.floor(radius);
  for (let step = 0; step <= steps; step++) {
    const row = Math.round(from.row + ((to.row - from.row) * step) / steps), column = Math.round(from.column + ((to.column - from.column) * step) / steps);
    for (let down = -reach; down <= reach; down++) {
      for (let right = -reach; right <= reach; right++) {
        const y = row + down, x = column + right;
        if (down * down + right * right <= radius * radius && y >= 0 && x >= 0 && y < state.height && x < state.width) state.mask[y * state.width + x] = 1;
      }
    }
  }
}

function key(state, event) {
  const step = Math.max(1, Math.round(state.width / 56));
  const [down, right] = { ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[event.key] ?? [0, 0];
  const moves = down || right;
  if (!moves && !["Enter", " ", "Delete", "Backspace"].includes(event.key)) return;
  event.preventDefault();
  if (event.key === "Delete" || event.key === "Backspace") return clear(state);
  if (state.tool === "brush") return brushKey(state, down, right, event.key);
  if (event.key === " ") return;
  if (!event.repeat) remember(state);
  if (event.key === "Enter") settle(state);
  state.box ??= middleBox(state);
  if (moves && event.shiftKey) resize(state, down, right);
  else if (moves) move(state, down, right);
  draw(state);
  sendSoon(state);
}

function brushKey(state, down, right, pressed) {
  state.cursor ??= { row: Math.floor(state.height / 2), column: Math.floor(state.width / 2) };
  state.cursor = { row: kept(state.cursor.row + down, state.height), column: kept(state.cursor.column + right, state.width) };
  if (pressed === " ") {
    remember(state);
    paint(state, state.cursor, state.cursor);
    sendSoon(state);
  }
  draw(state);
}

const kept = (place, count) => Math.max(0, Math.min(count - 1, place));

const middleBox = ({ height, width }) => ({ left: Math.floor(width / 3), right: Math.ceil((2 * width) / 3), top: Math.floor(height / 3), bottom: Math.ceil((2 * height) / 3) });

function move(state, down, right) {
  const { box, height, width } = state;
  const y = Math.max(-box.top, Math.min(height - box.bottom, down)), x = Math.max(-box.left, Math.min(width - box.right, right));
  state.box = { left: box.left + x, right: box.right + x, top: box.top + y, bottom: box.bottom + y };
}

function resize(state, down, right) {
  const { box, height, width } = state;
  state.box = { ...box, bottom: Math.max(box.top + 1, Math.min(height, box.bottom + down)), right: Math.max(box.left + 1, Math.min(width, box.right + right)) };
}

function sendSoon(state) {
  state.count += 1;
  clearTimeout(state.waiting);
  state.waiting = setTimeout(() => state.tell(packed(whole(state))), KEYS_REST);
}

function send(state) {
  clearTimeout(state.waiting);
  state.count += 1;
  draw(state);
  state.tell(packed(whole(state)));
}

function draw(state) {
  if (!state.mask) return;
  const context = state.canvas.getContext("2d");
  const image = context.createImageData(state.width, state.height);
  const all = whole(state);
  let marked = 0;
  for (let place = 0; place < all.length; place++) {
    if (!all[place]) continue;
    marked++;
    image.data.set(SHADE, 4 * place);
  }
  context.putImageData(image, 0, 0);
  if (state.tool === "brush" && state.cursor) {
    context.strokeStyle = "#fff";
    context.strokeRect(state.cursor.column - state.size / 2 + 0.5, state.cursor.row - state.size / 2 + 0.5, state.size, state.size);
  }
  state.undo.disabled = !state.past.length;
  state.clear.disabled = !marked;
  const { box } = state;
  const where = box ? ` The box: left ${box.left}, top ${box.top}, ${box.right - box.left} wide, ${box.bottom - box.top} high.` : "";
  state.said.textContent = marked ? `${percent(marked / all.length)} of the picture is marked.${where}` : "Nothing is marked yet.";
}

// One bit a pixel, row by row, the highest bit first, as base64.
function packed(mask) {
  const bytes = new Uint8Array(Math.ceil(mask.length / 8));
  for (let place = 0; place < mask.length; place++) if (mask[place]) bytes[place >> 3] |= 128 >> (place & 7);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function unpacked(bits, count) {
  const text = atob(bits);
  return Uint8Array.from({ length: count }, (_, place) => (text.charCodeAt(place >> 3) >> (7 - (place & 7))) & 1);
}
