// One map or two, large side by side; Escape closes, and the focus goes back to where it was.

import { element, plainButton } from "./dom.js";

export function makePair(controls, closed) {
  const body = element("div", { class: "pair" });
  const heading = element("h2", { id: "pair-title" });
  const close = plainButton("Close", () => dialog.close());
  const dialog = element("dialog", { "aria-labelledby": "pair-title" },
    element("div", { class: "head" }, heading, ...controls, close), body);
  dialog.onclose = closed;
  dialog.onclick = (event) => event.target === dialog && dialog.close();

  function fill(words, figures) {
    heading.textContent = words;
    body.replaceChildren(...figures);
    body.dataset.count = figures.length;
  }

  return { dialog, fill, close: () => dialog.open && dialog.close() };
}

export const portraitOf = (stage, title, ...lines) =>
  element("figure", {}, stage.place, element("figcaption", {}, element("strong", {}, title), ...lines));
