// One method's card: the map over what the model saw, what it cost, how it scored, what to know before believing it.

const REDUCTIONS = { sum: "sum over channels", abs_sum: "sum of absolute channels", max_abs: "largest absolute channel" };

function makeCard(method, column, crop, enlarge) {
  const card = { method, column, crop, message: null, coming: null, map: null, judged: null };
  card.stage = makeStage(crop, () => enlarge(card), `Enlarge ${fullName(card)}`);
  card.tag = element("span", { class: "tag", hidden: !method.control }, "control");
  card.settings = element("p", { class: "settings" }, method.settings);
  card.score = element("p", { class: "score" }, element("span", { class: "muted" }, "no score yet"));
  card.facts = element("p", { class: "muted" });
  card.notes = element("p", { class: "muted notes" });
  card.title = element("div", { class: "title" }, element("h3", {}, method.label), card.tag);
  card.place = element("article", { class: "card", "data-method": method.name, "data-state": "waiting" },
    card.stage.place, card.title,
    card.settings, card.score, card.facts, card.notes);
  return card;
}

// With the model's name where several stand side by side.
const fullName = ({ method, column }) => [method.label, column.title].filter(Boolean).join(", ");

function showMessage(card, message) {
  card.message = message;
  card.place.dataset.state = message.final ? "final" : "rough";
  card.tag.hidden = message.final && !card.method.control;
  card.tag.textContent = message.final ? "control" : "rough";
  card.notes.textContent = message.notes.join(" ");
}

function showFacts(card) {
  const { message, map } = card;
  const spans = map.low < 0 ? `values ${short(map.low)} to ${short(map.high)}` : `largest value ${short(map.high)}`;
  const parts = [spans, message.seconds < 0.05 ? "< 0.1 s" : `${message.seconds.toFixed(1)} s`];
  if (message.forward) parts.push(`model asked ${counted(message.forward, "time")}`);
  card.facts.replaceChildren(REDUCTIONS[message.reduction], element("br"), ...parts.flatMap((part, place) => [place ? " · " : "", element("span", { class: "whole" }, part)]));
}

function showJudged(card, judge, judged) {
  card.judged = judged;
  card.score.replaceChildren(...judge.shown(judged));
  if (card.map) card.stage.canvas.setAttribute("aria-label", described(card));
}

// What was computed for an earlier choice stays, dimmed, until its successor comes.
function outdate(card) {
  card.place.dataset.state = "older";
  card.judged = null;
  card.score.replaceChildren(element("span", { class: "muted" }, "older than your choice"));
}

// A sentence takes the map's place; what it is about stands above it.
function refuse(card, reason) {
  card.score.replaceChildren();
  card.place.prepend(card.title);
  card.place.dataset.state = "refused";
  card.stage.refuse(reason);
}

// Nothing more will come: what has neither map nor sentence gets one, and no score is awaited.
function endCard(card, reason) {
  if (card.place.dataset.state === "waiting" && !card.coming) refuse(card, reason);
  else if (card.map && card.judged === null) card.score.replaceChildren(element("span", { class: "muted" }, "no score"));
}

function paintCard(card, view, shared) {
  card.stage.show(card.map, view, scaleFor(card.map, shared));
  card.stage.canvas.setAttribute("aria-label", described(card));
}

function described(card) {
  const { message, map, judged, column } = card;
  const what = `${fullName(card)} heatmap for ${message.target}${message.final ? "" : ", rough"}`;
  const spread = map.size === 0 ? "every value is 0" : `strongest at ${whereabouts(map)}; values from ${short(map.low)} to ${short(map.high)}`;
  return `${what}: ${spread}.${judged === null ? "" : ` ${column.judge.words(judged)}.`}`;
}
