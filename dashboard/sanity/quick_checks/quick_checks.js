// Quick checks of one picture: a row a method, a column a check; on demand what each check asks for and cannot show.

import { element, folded, glossary, region, say } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { between, counted, fixed } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { cell, head, methodCell, table } from "../../components/kit/table.js";
import { standingOf } from "../standings.js";

export default component({
  mount(state) {
    state.said = element("p", { class: "said", role: "status" });
    state.checks = region("Quick checks");
    state.list = element("ul");
    state.sentences = folded("Every check in words", state.list);
    state.sentences.ontoggle = state.redraw;
    state.words = element("div");
    return [state.said, state.checks, element("div", { class: "folds" }, state.sentences, state.words)];
  },

  begin(state) {
    Object.assign(state, { found: new Map(), refused: new Map() });
    state.words.replaceChildren(glossary("What each check requires, and what it cannot show", state.data.checks.flatMap(checkExplained)));
  },

  take: {
    CheckReady: (state, message) => state.found.set(`${message.check} ${message.method}`, message),
    MethodRefused: (state, { method, reason }) => state.refused.set(method, reason),
  },

  render({ data: { methods, checks }, found, refused, job, said, checks: place, sentences, list }) {
    say(said, checksLine(methods, checks, found));
    place.replaceChildren(table({
      kind: "checks", caption: "Quick checks by method",
      heads: ["Method", ...checks.map(({ label, summary, number }) => head(label, { title: summary }, element("span", { class: "number muted" }, number)))],
      rows: methods.filter(({ name }) => !refused.has(name)).map((method) => [{ "data-method": method.name }, methodCell(method, method.name),
        ...checks.map(({ name }) => checkCell(found.get(`${name} ${method.name}`), name, method.control, ended(job)))]),
    }));
    sentences.hidden = !found.size && !refused.size;
    if (sentences.open) list.replaceChildren(...checksInWords(methods, checks, found, refused));
  },
});

const checkExplained = ({ label, summary, criterion, limits, paper }) => [
  element("dt", {}, element("strong", {}, label)),
  element("dd", {}, `${summary} `, element("span", { class: "muted" }, paper)),
  element("dd", {}, criterion),
  ...limits.map((limit) => element("dd", { class: "muted" }, limit)),
];

// Of the methods that look at a model, how many fail a check; those of them that pass another show that one is not all.
function checksLine(methods, checks, found) {
  const stands = ({ name }) => checks.flatMap((check) => found.get(`${check.name} ${name}`)?.standing ?? []);
  const real = methods.filter((method) => !method.control && stands(method).length);
  if (!real.length) return "";
  const failing = real.filter((method) => stands(method).includes("fails"));
  const both = failing.some((method) => stands(method).includes("passes"));
  return `${failing.length} of ${counted(real.length, "method")} ${failing.length === 1 ? "fails" : "fail"} a check.${both ? " Passing one check is not passing all." : ""}`;
}

function checkCell(message, check, control, over) {
  if (!message) return cell(over ? "–" : "…", { class: "muted", "data-check": check });
  const { value, low, high, standing, sentence, final } = message;
  const words = standing ? standingOf(message, control) : element("span", { class: "muted" }, "undefined");
  const numbers = value === null ? "" : low === null || low === high ? fixed(value) : `${fixed(value)} (${between(low, high)})`;
  return cell([words, element("span", { class: "muted figures" }, numbers)],
    { title: sentence, "data-check": check, "data-standing": standing ?? "none", class: final ? undefined : "muted" });
}

const checksInWords = (methods, checks, found, refused) => methods.flatMap(({ name, label }) => {
  if (refused.has(name)) return [element("li", {}, `${label}: ${refused.get(name)}`)];
  return checks.filter((check) => found.has(`${check.name} ${name}`)).map((check) => element("li", {}, `${label}, ${check.label}: ${found.get(`${check.name} ${name}`).sentence}`));
});
