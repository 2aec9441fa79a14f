// One method's card: the map over what the model saw, what it cost, how it scored, what to know before believing it.

import { element } from "../kit/dom.js";
import { strongestPlace } from "../kit/heatmap.js";
import { makeStage } from "../kit/map_view.js";
import { counted, short } from "../kit/numbers.js";
import { view } from "../kit/view_bar.js";

export function makeCard(method, column, crop, enlarge) {
  const card = { method, column, crop, heatmap: null, final: false, coming: null, map: null, judged: null };
  card.stage = makeStage(crop, () => enlarge(card), `Enlarge ${fullName(card)}`);
  card.tag = element("span", { class: "tag" });
  showTag(card, "");
  card.settings = element("p", { class: "settings" }, method.settings);
  card.score = element("p", { class: "score" }, element("span", { class: "muted" }, "no score yet"));
  card.facts = element("p", { class: "facts" });
  card.notes = element("p", { class: "notes" });
  card.about = element("div", { class: "about", id: `about ${method.name} ${column.data.run}`.replaceAll(" ", "-") }, card.settings, card.facts, card.notes, card.stage.legend);
  card.title = element("div", { class: "title" }, element("h3", { title: method.label }, method.label), card.tag);
  card.place = element("article", { class: "card", "data-method": method.name, "data-state": "waiting", "data-control": method.control }, card.stage.place, card.title, card.score, card.about);
  card.stage.button.setAttribute("aria-describedby", card.about.id);
  card.place.addEventListener("keydown", ({ key }) => card.place.classList.toggle("dismissed", key === "Escape"));
  card.place.addEventListener("pointerleave", () => card.place.classList.remove("dismissed"));
  return card;
}

// With the model's name where several stand side by side.
export const fullName = ({ method, column }) => [method.label, column.data.title].filter(Boolean).join(", ");

export function showHeatmap(card, { heatmap, final }) {
  Object.assign(card, { heatmap, final });
  card.place.dataset.state = final ? "final" : "rough";
  showTag(card, final ? "" : "rough");
  card.notes.textContent = heatmap.notes.join(" ");
  const { map } = card, { seconds, passes } = heatmap;
  const spans = map.low < 0 ? `values ${short(map.low)} to ${short(map.high)}` : `largest value ${short(map.high)}`;
  const parts = [spans, seconds < 0.05 ? "< 0.1 s" : `${seconds.toFixed(1)} s`];
  if (passes.forward) parts.push(counted(passes.forward, "pass", "passes"));
  card.facts.textContent = [heatmap.reduction, ...parts].join(" · ");
}

function showTag({ tag, method, column }, words) {
  tag.textContent = words || (method.control && !column.state.judge.tellsControls ? "control" : "");
  tag.hidden = !tag.textContent;
}

export function showJudged(card, judged) {
  card.judged = judged;
  card.score.replaceChildren(...card.column.state.judge.shown(judged, card.best));
  if (card.map) card.stage.canvas.setAttribute("aria-label", describedCard(card));
}

// Beside the first cards stands the control that a heatmap has to beat, wherever its score would put it.
export function markBest(card, best) {
  if (card.best === best) return;
  card.best = best;
  if (card.judged) showJudged(card, card.judged);
}

// What was computed for an earlier choice stays, dimmed, until its successor comes.
export function outdate(card) {
  card.place.dataset.state = "stale";
  card.judged = null;
  card.score.replaceChildren(element("span", { class: "muted" }, "stale"));
}

// A sentence takes the map's place; what it is about stands above it.
export function refuseCard(card, reason) {
  card.score.replaceChildren();
  card.place.prepend(card.title);
  card.place.dataset.state = "refused";
  card.stage.refuse(reason);
}

// Nothing more will come: what has neither map nor sentence gets one, and no score is awaited.
export function endCard(card, reason) {
  if (card.place.dataset.state === "waiting" && !card.coming) refuseCard(card, reason);
  else if (card.map && card.judged === null) card.score.replaceChildren(element("span", { class: "muted" }, "no score"));
}

export function paintCard(card, scale) {
  card.stage.show(card.map, view, scale);
  card.stage.canvas.setAttribute("aria-label", describedCard(card));
}

export function describedCard(card) {
  const { heatmap, final, map, judged, column } = card;
  const what = `${fullName(card)} heatmap for ${heatmap.target}${final ? "" : ", rough"}`;
  const spread = map.size === 0 ? "every value is 0" : `strongest at ${strongestPlace(map)}; values from ${short(map.low)} to ${short(map.high)}`;
  return `${what}: ${spread}.${judged === null ? "" : ` ${column.state.judge.words(judged)}.`}`;
}
