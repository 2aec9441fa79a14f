// A hidden region: where it lies, and for which share of its variations the class is kept.

import { element, photo, say } from "../../components/kit/dom.js";
import { counted, fixed, percent } from "../../components/kit/numbers.js";

export const REGION_WORDS = {
  salient: { title: "Hidden region", what: "" },
  random: { title: "Same shape elsewhere", what: "Equally large, at a random place." },
  inverted: { title: "All but the region", what: "Only the region is seen." },
  unfilled: { title: "Not filled", what: "The region has the training mean." },
};
const HOLE_GREY = [128, 128, 128, 255];

export function makeRegion(region, choose) {
  const { title, what } = REGION_WORDS[region];
  const picture = photo({ draggable: "false" }), canvas = element("canvas", {});
  const told = element("span", { class: "muted small" }, what);
  const share = element("strong", { class: "share" }), range = element("span", { class: "muted small" });
  const bar = element("span", { class: "track", "aria-hidden": "true" }, element("span", { class: "extent" }), element("span", { class: "point" }));
  const place = element("button", { type: "button", class: "region", "data-region": region, "aria-pressed": "false", onclick: choose },
    element("span", { class: "where" }, picture, canvas),
    element("span", { class: "facts" }, element("span", { class: "title" }, title), told, share, bar, range));
  const card = { place, shownAs: null };

  // What is hidden there is told by the page.
  card.show = (found, crop, chosen, words = what) => {
    say(told, words);
    place.setAttribute("aria-pressed", String(chosen));
    const result = found?.result;
    place.classList.toggle("waiting", !result);
    bar.hidden = !result || !result.prior;
    say(share, result ? keptWords(result) : "…");
    say(range, result ? keptRange(result) : "");
    if (!result) return;
    bar.firstChild.style.insetInline = `${100 * result.low}% ${100 * (1 - result.high)}%`;
    bar.lastChild.style.insetInlineStart = `${100 * result.kept}%`;
    if (card.shownAs === found.hole) return;
    card.shownAs = found.hole;
    // What the model was given where nothing fills the hole is shown as it is.
    const asGiven = region === "unfilled";
    canvas.hidden = asGiven;
    picture.src = photo({ src: asGiven ? found.made[0].picture : crop }).getAttribute("src");
    if (!asGiven) paintHole(canvas, found);
  };
  return card;
}

const keptWords = ({ prior, kept }) => (prior ? `${percent(kept)} kept` : kept ? "class kept" : "class lost");
const keptRange = (result) => (result.prior ? `95 % interval ${percent(result.low)} to ${percent(result.high)}${alike(result)}, mean confidence` : "confidence") + ` ${confidenceInWords(result.confidence)}`;

// Equal fills say no more than one.
const alike = ({ variations, different }) => (different < variations ? ` (${counted(variations, "fill")}, ${different} different)` : "");
// Beside a sign of its own, which "< 0.01" would be taken for a part of.
export const confidenceInWords = (confidence) => (confidence < 0.01 ? "under 0.01" : fixed(confidence));

function paintHole(canvas, { hole, height, width }) {
  Object.assign(canvas, { height, width });
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  hole.forEach((hidden, place) => { if (hidden) image.data.set(HOLE_GREY, 4 * place); });
  context.putImageData(image, 0, 0);
}
