// How all maps are shown: answered here, without the server, and kept in the address.

import { keptInAddress, noteChange } from "./address.js";
import { COLOURS } from "./colours.js";
import { choice, element, field, menu, say, selection, slider } from "./dom.js";
import { percent } from "./numbers.js";

const SCALES = [["own", "own"], ["shared", "shared"]];
const RANGES = [["clipped", "99 %", "up to the 99th percentile"], ["full", "full", "up to the maximum"]];
const SHOWN_SIGNS = [["plus", "+", "positive only"], ["minus", "−", "negative only"], ["both", "±", "both signs"]];
const offers = (options, value) => options.some(([name]) => name === value);

// One for all components, for as long as the page stands. A link may say anything: what is not offered is not taken.
export const view = keptInAddress({ opacity: 0.75, colours: "inferno", scale: "own", range: "clipped", sign: "both", share: 1, sort: "score" }, {
  opacity: (value) => value >= 0 && value <= 1,
  colours: (value) => Object.hasOwn(COLOURS, value),
  scale: (value) => offers(SCALES, value),
  range: (value) => offers(RANGES, value),
  sign: (value) => offers(SHOWN_SIGNS, value),
  share: (value) => value > 0 && value <= 1,
  sort: (value) => ["score", "selection"].includes(value),
});

const setter = (changed) => (name) => (value) => { view[name] = value; noteChange(); changed(name); };

export const colourChoice = (changed) => field("Colours", selection("Colours", Object.entries(COLOURS).map(([value, { name }]) => [value, name]), view.colours, setter(changed)("colours")));

export function makeViewBar(changed, judge) {
  const set = setter(changed);
  const shownShare = element("output", {}, percent(view.share));
  const share = slider("Show the top share of pixels", view.share, 0.01, (value) => {
    shownShare.textContent = percent(value);
    set("share")(value);
  });
  const sign = choice("Sign shown", SHOWN_SIGNS, view.sign, set("sign"));
  const said = element("p", { class: "muted small", role: "status" });
  const options = menu("View options",
    colourChoice(changed),
    field("Scale", choice("Scale", SCALES, view.scale, set("scale"))),
    field("Range", choice("Range of the colours", RANGES, view.range, set("range"))),
    field("Sign", sign),
    field("Show top", share, shownShare));
  const bar = element("div", { class: "bar", role: "group", "aria-label": "How all heatmaps are shown" },
    field("Sort", selection("Order of the cards", [["score", judge.sorts], ["selection", "selection order"]], view.sort, set("sort"))),
    field("Opacity", slider("Opacity", view.opacity, 0, set("opacity"))),
    options,
    element("p", { class: "muted small legend-of-scores" }, judge.legend));
  return {
    place: element("div", { class: "over" }, bar, said),
    offerSign: (offered) => { for (const button of sign.children) button.disabled = !offered; },
    say: (words) => say(said, words),
  };
}
