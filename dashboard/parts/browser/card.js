// One method's card: the map over what the model saw, what it cost, how it scored, what to know before believing it.

const REDUCTIONS = { sum: "sum over channels", abs_sum: "sum of absolute channels", max_abs: "largest absolute channel" };

function makeCard(method, crop, enlarge) {
  const stage = makeStage(crop, () => enlarge(method.name), `Enlarge ${method.label}`);
  const title = element("h3", {}, method.label);
  const tag = element("span", { class: "tag", hidden: !method.control }, "control");
  const score = element("p", { class: "score" }, element("span", { class: "muted" }, "no score yet"));
  const facts = element("p", { class: "muted" });
  const notes = element("p", { class: "muted notes" });
  const place = element("article", { class: "card", "data-method": method.name, "data-state": "waiting" },
    stage.place, element("div", { class: "title" }, title, tag), score, facts, notes);
  return { method, place, stage, tag, score, facts, notes, message: null, map: null, fidelity: null };
}

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

function showFidelity(card, fidelity) {
  card.fidelity = fidelity;
  card.score.replaceChildren(
    element("strong", { title: "Fidelity: higher is better, 0 is random order" }, `F ${scored(fidelity)}`),
    element("span", { class: "sign", "aria-hidden": "true" }, verdictSign(fidelity)),
    element("span", { class: "muted" }, verdictWords(fidelity)));
}

function refuse(card, reason) {
  card.score.replaceChildren();
  card.place.dataset.state = "refused";
  card.stage.refuse(reason);
}

function paintCard(card, view, shared) {
  if (!card.map) return;
  card.stage.show(card.map, view, scaleFor(card.map, shared));
  card.stage.canvas.setAttribute("aria-label", described(card));
}

function described({ method, message, map, fidelity }) {
  const what = `${method.label} heatmap for ${message.target}${message.final ? "" : ", rough"}`;
  const spread = map.size === 0 ? "every value is 0" : `strongest at ${whereabouts(map)}; values from ${short(map.low)} to ${short(map.high)}`;
  return `${what}: ${spread}.${fidelity ? ` F ${scored(fidelity)}, ${verdictWords(fidelity)}.` : ""}`;
}
