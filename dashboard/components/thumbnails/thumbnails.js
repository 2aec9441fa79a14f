// Small pictures to choose from, as one group of radio buttons: Tab goes in, arrow keys move, the choice is sent at once.

import { element, photo } from "../kit/dom.js";
import { component } from "../kit/frame.js";

export default component({
  aside: true,

  render(state) {
    const { root, data } = state;
    const shownAs = JSON.stringify([data.pictures, data.chosen]);
    if (state.shownAs === shownAs) return;
    state.shownAs = shownAs;
    const focused = root.getRootNode().activeElement?.dataset?.name;
    const choose = (name) => name !== state.data.chosen && state.trigger("chosen", name);
    const thumbs = data.pictures.map((picture) => thumb(picture, picture.name === data.chosen, choose));
    if (!data.chosen && thumbs[0]) thumbs[0].tabIndex = 0;
    const group = element("div", { class: "pictures", role: "radiogroup", "aria-label": data.label, onkeydown: (event) => moveFrom(event, thumbs, choose) }, ...thumbs);
    group.classList.toggle("wrapped", data.wrapped);
    root.replaceChildren(element("div", { class: "strip" }, group, arrow(group, -1), arrow(group, 1)), element("p", { class: "muted credit" }, data.credit));
    const taken = thumbs.find((button) => button.dataset.name === data.chosen);
    if (taken) group.scrollLeft = taken.offsetLeft - group.offsetLeft - group.clientWidth / 2;
    if (focused !== undefined) (taken ?? thumbs[0])?.focus();
  },
});

const thumb = ({ name, title, source }, checked, choose) =>
  element("button", { type: "button", role: "radio", "aria-checked": String(checked), "aria-label": title, title, "data-name": name, tabindex: checked ? 0 : -1, onclick: () => choose(name) },
    photo({ src: source, width: 64, height: 48, loading: "lazy" }),
    element("span", { class: "name" }, title));

// What lies beyond an edge of the row is pointed at; arrow keys get there without it.
function arrow(group, direction) {
  const made = element("button", { type: "button", class: direction < 0 ? "further before" : "further", tabindex: -1, "aria-hidden": "true", onclick: () => group.scrollBy({ left: direction * 0.8 * group.clientWidth }) }, direction < 0 ? "‹" : "›");
  const look = () => { made.hidden = direction < 0 ? group.scrollLeft < 4 : group.scrollLeft + group.clientWidth > group.scrollWidth - 4; };
  group.addEventListener("scroll", look);
  new ResizeObserver(look).observe(group);
  return made;
}

function moveFrom(event, thumbs, choose) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const from = thumbs.indexOf(event.target);
  const next = thumbs[(from + step + thumbs.length) % thumbs.length];
  next.focus();
  choose(next.dataset.name);
}
