// The names of all lines as buttons: which are drawn strongly, and in which colour.

import { palette } from "./chart.js";
import { element } from "./dom.js";

export function makeNames(turn) {
  const place = element("div", { class: "names", role: "group", "aria-label": "Methods drawn strongly" });
  let shownAs = "";

  function show(methods, colours) {
    const now = JSON.stringify([methods.map(({ name }) => name), [...colours]]);
    if (shownAs === now) return;
    shownAs = now;
    const focused = place.getRootNode().activeElement?.dataset?.method;
    place.replaceChildren(...methods.map(({ name, label }) => {
      const swatch = element("span", { class: "swatch" });
      swatch.style.background = colours.get(name) ?? "";
      return element("button", { type: "button", "data-method": name, "aria-pressed": String(colours.has(name)), onclick: () => turn(name) }, swatch, label);
    }));
    if (focused) [...place.children].find((button) => button.dataset.method === focused)?.focus();
  }

  return { place, show };
}

// A colour for each, in their order.
export function coloursOf(loud, root) {
  const colours = palette(root);
  return new Map([...loud].map((name, at) => [name, colours[at % colours.length]]));
}
