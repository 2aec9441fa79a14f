// A map over its picture, with a legend made from the data and the value under the pointer or the arrow keys.

import { gradient, showPart } from "./colours.js";
import { FEW_PIXELS, element, photo } from "./dom.js";
import { paint, reach } from "./heatmap.js";
import { short } from "./numbers.js";
import { served } from "./served.js";
import { view } from "./view_bar.js";

// Beside others of other networks a map is shown whole, on its own scale, up to its 99th percentile.
const AS_IT_IS = { sign: "both", share: 1, range: "clipped", scale: "own" };
export const paintAsItIs = (canvas, map) => paint(canvas, map, { ...view, ...AS_IT_IS }, reach(map, AS_IT_IS.range));

export function makeStage(crop, act, name) {
  const canvas = element("canvas", { role: "img", "aria-label": "Heatmap not computed yet", class: "smooth" });
  const picture = photo({ src: crop });
  const cross = element("span", { class: "cross", hidden: true });
  const probe = element("output", { class: "probe", hidden: true });
  const reason = element("p", { class: "reason", hidden: true });
  const button = element("button", { type: "button", class: "reach", "aria-label": name, onclick: act, title: "" });
  const frame = element("div", { class: "frame" }, picture, canvas, cross, button, probe, reason);
  const strip = element("span", { class: "strip" });
  const low = element("span"), high = element("span");
  const legend = element("div", { class: "legend", hidden: true }, low, strip, high);
  const stage = { place: element("div", { class: "stage" }, frame, legend), canvas, picture, button, legend, map: null };

  stage.see = (address) => {
    if (picture.getAttribute("src") !== served(address)) picture.src = served(address);
  };

  stage.show = (map, view, scale) => {
    stage.map = map;
    canvas.classList.toggle("pixels", map.width < FEW_PIXELS);
    canvas.style.opacity = view.opacity;
    paint(canvas, map, view, scale);
    showLegend(map, view, scale);
  };

  stage.showAsItIs = (map) => stage.show(map, { ...view, ...AS_IT_IS }, reach(map, AS_IT_IS.range));

  // By itself a map's legend ends where its values end; a shared one is the same for all.
  function showLegend(map, view, scale) {
    const signed = map.low < 0;
    const [from, to] = !signed ? [0, scale] : view.scale === "shared" ? [-scale, scale] : [Math.max(map.low, -scale), Math.min(Math.max(map.high, 0), scale)];
    legend.hidden = false;
    strip.style.background = gradient(view.colours, signed ? "diverging" : "sequential");
    if (signed) showPart(strip, (from / scale + 1) / 2, (to / scale + 1) / 2);
    low.textContent = `${map.low < from ? "≤ " : ""}${short(from)}`;
    high.textContent = `${scale < map.size && to === scale ? "≥ " : ""}${short(to)}`;
  }

  stage.refuse = (why) => {
    reason.hidden = false;
    reason.textContent = why;
    button.hidden = true;
  };

  const at = { row: 0, column: 0 };
  function showValue(row, column) {
    const { map } = stage;
    if (!map) return;
    at.row = Math.max(0, Math.min(map.height - 1, row));
    at.column = Math.max(0, Math.min(map.width - 1, column));
    probe.hidden = cross.hidden = false;
    probe.textContent = `${short(map.values[at.row * map.width + at.column])} at row ${at.row + 1}, column ${at.column + 1}`;
    cross.style.left = `${(100 * (at.column + 0.5)) / map.width}%`;
    cross.style.top = `${(100 * (at.row + 0.5)) / map.height}%`;
  }
  const hide = () => { probe.hidden = cross.hidden = true; };
  const strongest = () => stage.map && showValue(Math.floor(stage.map.place / stage.map.width), stage.map.place % stage.map.width);

  button.onpointermove = (event) => {
    const box = frame.getBoundingClientRect();
    if (stage.map) showValue(Math.floor(((event.clientY - box.top) / box.height) * stage.map.height), Math.floor(((event.clientX - box.left) / box.width) * stage.map.width));
  };
  button.onpointerleave = hide;
  button.onblur = hide;
  button.onfocus = () => button.matches(":focus-visible") && strongest();
  button.onkeydown = (event) => {
    const step = Math.ceil((stage.map?.width ?? 0) / 56) * (event.shiftKey ? 4 : 1);
    const [down, right] = { ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[event.key] ?? [0, 0];
    if (!down && !right) return;
    event.preventDefault();
    showValue(at.row + down, at.column + right);
  };
  return stage;
}
