// Elements of the page, written briefly.

import { served } from "./served.js";

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

export function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// A row of buttons of which one is pressed.
export function choice(label, options, pressed, choose) {
  const buttons = options.map(([value, text, name]) =>
    element("button", { type: "button", "aria-pressed": String(value === pressed), "aria-label": name, onclick: () => pick(value) }, text));
  const pick = (value) => {
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(options[at][0] === value)));
    choose(value);
  };
  return element("span", { class: "choice", role: "group", "aria-label": label }, ...buttons);
}

export function selection(label, options, chosen, choose) {
  const select = element("select", { "aria-label": label, onchange: () => choose(select.value) });
  for (const [value, text] of options) select.append(element("option", { value, selected: value === chosen }, text));
  return select;
}

export const slider = (label, value, low, choose) =>
  element("input", { type: "range", min: low, max: 1, step: 0.01, value, "aria-label": label, oninput: (event) => choose(Number(event.target.value)) });

export const field = (label, ...controls) =>
  element("span", { class: "field" }, element("span", { class: "muted", "aria-hidden": "true" }, label), ...controls);

export const plainButton = (words, onclick, attributes) => element("button", { type: "button", class: "plain", onclick, ...attributes }, words);

// Pictures and maps of fewer pixels across than this are shown as they are: smoothed, their pixels could not be distinguished.
export const FEW_PIXELS = 100;

export function photo(attributes) {
  const made = element("img", { alt: "", ...attributes, src: attributes.src && served(attributes.src) });
  made.addEventListener("load", () => made.classList.toggle("pixels", made.naturalWidth < FEW_PIXELS));
  return made;
}

// Where a pointer is, in the canvas's own pixels.
export function pixelAt(canvas, { clientX, clientY }) {
  const place = canvas.getBoundingClientRect();
  return { x: ((clientX - place.left) / place.width) * canvas.width, y: ((clientY - place.top) / place.height) * canvas.height };
}

// What may be wider than the page, and is then scrolled by itself.
export const region = (label, ...children) => element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": label }, ...children);

export const folded = (summary, ...children) => element("details", {}, element("summary", {}, summary), ...children);

// Controls under a button: Escape, or going elsewhere, closes them.
export function menu(summary, ...controls) {
  const opener = element("summary", {}, summary);
  const place = element("details", {
    class: "menu",
    onkeydown: (event) => {
      if (event.key !== "Escape" || !place.open) return;
      place.open = false;
      opener.focus();
    },
    onfocusout: ({ relatedTarget }) => { if (relatedTarget && !place.contains(relatedTarget)) place.open = false; },
  }, opener, element("div", { class: "choices" }, ...controls));
  const elsewhere = (event) => { if (!event.composedPath().includes(place)) place.open = false; };
  place.ontoggle = () => (place.open ? document.addEventListener : document.removeEventListener).call(document, "pointerdown", elsewhere);
  return place;
}

const bullets = (lines) => element("ul", {}, ...lines.map((words) => element("li", {}, words)));

// Lines that unfold, with their number; not there while there is none.
export function showLines(details, summary, lines) {
  const shownAs = lines.join("\n");
  details.hidden = !lines.length;
  if (details.dataset.lines === shownAs) return;
  details.dataset.lines = shownAs;
  details.replaceChildren(element("summary", {}, `${summary} · ${lines.length}`), bullets(lines));
}

// A verdict that was reached with other choices than those beside it says so where it stands, and what it is about.
export const earlierMark = () => element("p", { class: "earlier" });
export const markEarlier = (mark, { stale, about = "" }) => say(mark, stale ? `Earlier result${about && `: ${about}`}` : "");

// Terms with what is said of each.
export const glossary = (summary, terms) => folded(summary, element("dl", { class: "glossary" }, ...terms));

// For those who see; words that say the same stand beside it or in a title.
export const sign = (mark) => element("span", { class: "sign", "aria-hidden": "true" }, mark);

// Words that are the same are not said again to those who hear the page.
export function say(place, words) {
  if (place.textContent !== words) place.textContent = words;
}
