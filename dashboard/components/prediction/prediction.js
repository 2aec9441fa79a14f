// What the model sees, and the classes it finds likeliest; which of them is explained may be chosen here.

import { shadePixels, unpacked } from "../marker/mask.js";
import { element, field, photo, selection } from "../kit/dom.js";
import { component } from "../kit/frame.js";
import { likelihood, percent } from "../kit/numbers.js";

export default component({
  further: ({ data: { recorded } }) => (recorded ? [recorded.crop] : []),

  render(state) {
    const { root, data } = state;
    const shownAs = JSON.stringify(data);
    if (state.shownAs === shownAs) return;
    state.shownAs = shownAs;
    const shaded = data.hidden ? `; shaded: the ${percent(shareHidden(data.hidden))} of its pixels that would be hidden` : "";
    const crop = element("div", { class: "crop" }, photo({ src: data.crop, alt: `The crop of ${data.title} that the model sees${shaded}`, width: 150, height: 150 }), data.hidden ? shade(data.hidden) : "");
    const bars = element("ol", {}, ...data.top.map(([, label, probability]) => probabilityBar(label, probability, label === data.explained)));
    const focused = root.getRootNode().activeElement?.tagName === "SELECT";
    root.replaceChildren(data.model ? element("p", { class: "model" }, data.model) : "", element("div", { class: "seen" }, data.crop ? crop : element("div", { class: "empty" }),
      element("div", { class: "answers" }, bars, data.explained ? explainedClass(state) : element("p", {}, data.waiting))));
    if (focused) root.querySelector("select")?.focus();
  },
});

const pixelsOf = ({ bits, height, width }) => unpacked(bits, height * width);
const shareHidden = (hidden) => pixelsOf(hidden).reduce((sum, each) => sum + Boolean(each), 0) / (hidden.height * hidden.width);

// Where something would be hidden, over the crop.
function shade(hidden) {
  const canvas = element("canvas", { width: hidden.width, height: hidden.height, "aria-hidden": "true" });
  shadePixels(canvas, pixelsOf(hidden));
  return canvas;
}

// Any other class is found in the sidebar.
function explainedClass(state) {
  const { data: { top, explained, choosable } } = state;
  if (!choosable) return element("p", {}, "Explaining: ", element("strong", {}, explained));
  const chosen = String(top.find(([, label]) => label === explained)[0]);
  const classes = top.map(([index, label]) => [String(index), label]);
  return field("Explaining:", selection("Explaining", classes, chosen, (index) => state.trigger("explained", Number(index))));
}

function probabilityBar(label, probability, explained) {
  const filled = element("span", { class: "filled" });
  filled.style.width = `${100 * probability}%`;
  return element("li", { class: explained ? "explained" : undefined }, element("span", { class: "label", title: label }, label),
    element("span", { class: "track", "aria-hidden": "true" }, filled), element("span", {}, likelihood(probability)));
}
