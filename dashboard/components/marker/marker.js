// A region, marked on the model's crop: a box or a brush, by pointer, touch or keyboard, with undo.

import { choice, element, field, photo, pixelAt, plainButton } from "../kit/dom.js";
import { component } from "../kit/frame.js";
import { percent } from "../kit/numbers.js";
import { boxBetween, dab, emptyMask, centreBox, movedBox, packed, resizedBox, shadePixels, unpacked, wholeMask } from "./mask.js";

const KEPT_STEPS = 60;
const KEYS_REST = 350;
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const HELP = {
  box: "Draw a box. With the keyboard: arrow keys move it, with Shift they change its size, Enter begins another.",
  brush: "Paint. With the keyboard: arrow keys move the brush, Space paints.",
};

export default component({
  aside: true,

  mount(state) {
    Object.assign(state, { tool: state.data.tool, size: 9, count: 0, past: [], crop: "", box: null, cursor: null });
    state.picture = photo({ draggable: "false" });
    state.canvas = element("canvas", {
      tabindex: 0, role: "application", onkeydown: (event) => pressKey(state, event),
      onpointerdown: (event) => beginMark(state, event), onpointermove: (event) => goOnMarking(state, event), onpointerup: () => endMark(state), onpointercancel: () => endMark(state),
    });
    state.frame = element("div", { class: "frame" }, state.picture, state.canvas);
    state.undo = plainButton("Undo", () => undo(state));
    state.clear = plainButton("Clear", () => clear(state));
    state.brush = element("input", { type: "range", min: 1, max: 41, step: 2, value: state.size, "aria-label": "Width of the brush in pixels", oninput: () => { state.size = Number(state.brush.value); state.redraw(); } });
    state.brushField = field("Brush", state.brush);
    state.said = element("p", { class: "muted", role: "status" });
    state.help = element("p", { class: "muted small", id: "marker-help" });
    return [
      element("div", { class: "tools", role: "group", "aria-label": "Tools" },
        choice("Tool", [["box", "Box"], ["brush", "Brush"]], state.tool, (tool) => chooseTool(state, tool)), state.brushField, state.undo, state.clear),
      state.frame, state.said, state.help,
    ];
  },

  // What the server knows; an answer to an earlier mark is not taken.
  receive(state) {
    const { data } = state, crop = `${data.crop} ${data.height} ${data.width}`;
    const another = state.crop !== crop;
    if (another) showCrop(state, crop);
    if (data.count < state.count || data.bits === packed(wholeMask(state))) return;
    if (!another) rememberMark(state);
    Object.assign(state, { mask: unpacked(data.bits, data.height * data.width), box: null });
  },

  render(state) {
    const { tool, box, canvas, cursor, size } = state;
    state.brushField.hidden = tool !== "brush";
    state.help.textContent = HELP[tool];
    const marked = shadeMarked(state);
    if (tool === "brush" && cursor) {
      const context = canvas.getContext("2d");
      context.strokeStyle = "#fff";
      context.strokeRect(cursor.column - size / 2 + 0.5, cursor.row - size / 2 + 0.5, size, size);
    }
    state.undo.disabled = !state.past.length;
    state.clear.disabled = !marked;
    const where = box ? ` The box: left ${box.left}, top ${box.top}, ${box.right - box.left} wide, ${box.bottom - box.top} high.` : "";
    state.said.textContent = marked ? `${percent(marked)} of the picture is marked.${where}` : "Nothing is marked yet.";
  },

  end: (state) => clearTimeout(state.waiting),
});

function showCrop(state, crop) {
  const { height, width, count, title, aim, crop: address } = state.data;
  Object.assign(state, { crop, height, width, count, past: [], box: null, cursor: null, mask: emptyMask({ height, width }) });
  state.brush.value = state.size = Math.max(1, Math.min(41, 2 * Math.round(width / 32) + 1));
  Object.assign(state.canvas, { width, height });
  state.frame.style.aspectRatio = `${width} / ${height}`;
  state.picture.src = address;
  state.canvas.setAttribute("aria-label", `${aim} on the crop of ${title}`);
}

// Paints what is marked; its share of the picture.
function shadeMarked(state) {
  const all = wholeMask(state);
  return shadePixels(state.canvas, all) / all.length;
}

function chooseTool(state, tool) {
  settleBox(state);
  state.tool = tool;
  state.redraw();
}

function rememberMark(state) {
  state.past.push({ mask: state.mask.slice(), box: state.box && { ...state.box } });
  if (state.past.length > KEPT_STEPS) state.past.shift();
}

function undo(state) {
  const before = state.past.pop();
  if (before) change(state, before);
}

function clear(state) {
  rememberMark(state);
  change(state, { mask: emptyMask(state), box: null });
}

// The box becomes part of what is marked, so that another can be drawn.
function settleBox(state) {
  if (state.box) Object.assign(state, { mask: wholeMask(state), box: null });
}

function rowAndColumn({ canvas, height, width }, event) {
  const { x, y } = pixelAt(canvas, event);
  return { column: within(Math.floor(x), width), row: within(Math.floor(y), height) };
}

const within = (place, count) => Math.max(0, Math.min(count - 1, place));

function beginMark(state, event) {
  if (event.button) return;
  state.canvas.setPointerCapture?.(event.pointerId);
  rememberMark(state);
  state.from = rowAndColumn(state, event);
  if (state.tool === "box") settleBox(state);
  else dab(state, state.from, state.from);
  state.redraw();
}

function goOnMarking(state, event) {
  if (!state.from) return;
  const to = rowAndColumn(state, event);
  if (state.tool === "box") state.box = boxBetween(state.from, to);
  else {
    dab(state, state.from, to);
    state.from = to;
  }
  state.redraw();
}

function endMark(state) {
  if (!state.from) return;
  state.from = null;
  change(state, {});
}

function pressKey(state, event) {
  const step = Math.max(1, Math.round(state.width / 56));
  const [down, right] = (STEPS[event.key] ?? [0, 0]).map((direction) => direction * step);
  const moves = down || right;
  if (!moves && !["Enter", " ", "Delete", "Backspace"].includes(event.key)) return;
  event.preventDefault();
  if (event.key === "Delete" || event.key === "Backspace") return clear(state);
  if (state.tool === "brush") return brushByKey(state, down, right, event.key);
  if (event.key === " ") return;
  if (!event.repeat) rememberMark(state);
  if (event.key === "Enter") settleBox(state);
  state.box ??= centreBox(state);
  if (moves) state.box = (event.shiftKey ? resizedBox : movedBox)(state, down, right);
  state.redraw();
  sendSoon(state);
}

function brushByKey(state, down, right, pressed) {
  state.cursor ??= { row: Math.floor(state.height / 2), column: Math.floor(state.width / 2) };
  state.cursor = { row: within(state.cursor.row + down, state.height), column: within(state.cursor.column + right, state.width) };
  if (pressed === " ") {
    rememberMark(state);
    dab(state, state.cursor, state.cursor);
    sendSoon(state);
  }
  state.redraw();
}

function sendSoon(state) {
  state.count += 1;
  clearTimeout(state.waiting);
  state.waiting = setTimeout(() => sendMark(state), KEYS_REST);
}

function change(state, marked) {
  clearTimeout(state.waiting);
  Object.assign(state, marked, { count: state.count + 1 });
  state.redraw();
  sendMark(state);
}

const sendMark = (state) => state.trigger("marked", { bits: packed(wholeMask(state)), count: state.count });
