// One card's map large, and a second beside it to compare.

import { makePair, portraitOf } from "../kit/compare_dialog.js";
import { element, selection } from "../kit/dom.js";
import { makeStage } from "../kit/map_view.js";
import { describedCard, fullName } from "./card.js";

export function makeEnlarged(offered, paintInto) {
  const beside = element("span", { class: "field" });
  const shown = { first: null, second: "" };
  const pair = makePair([beside], () => {
    const { first } = shown;
    shown.first = null;
    first?.stage.button.focus();
  });

  function open(card) {
    Object.assign(shown, { first: card, second: "" });
    refill();
    pair.dialog.showModal();
  }

  // The same method of another model comes first among those to compare with.
  function refill() {
    const { first } = shown;
    const others = offered().filter((card) => card !== first);
    others.sort((one, other) => (other.method.name === first.method.name) - (one.method.name === first.method.name));
    const options = others.map((card) => [keyOf(card), fullName(card)]);
    beside.replaceChildren(element("span", { class: "muted", "aria-hidden": "true" }, "Compare with"),
      selection("Compare with", [["", "none"], ...options], shown.second, (key) => { shown.second = key; refill(); }));
    pair.fill(fullName(first), [first, ...others.filter((card) => keyOf(card) === shown.second)].map(portrait));
  }

  const keyOf = ({ method, column }) => `${column.data.run} ${method.name}`;

  function portrait(card) {
    const stage = makeStage(card.crop, () => {}, `Read the values of ${fullName(card)} with the arrow keys`);
    paintInto(stage, card);
    stage.canvas.setAttribute("aria-label", describedCard(card));
    const { judged, method, heatmap, facts } = card;
    const score = judged === null ? "" : `${card.column.state.judge.words(judged)}. ${judged.sentence ?? ""}`;
    return portraitOf(stage, fullName(card), element("p", {}, [method.settings, score].filter(Boolean).join(" · ")), element("p", {}, method.summary),
      element("p", { class: "muted" }, [facts.textContent, ...heatmap.notes, method.paper].filter(Boolean).join(" · ")));
  }

  return { dialog: pair.dialog, open, refresh: () => shown.first && refill(), close: pair.close };
}
