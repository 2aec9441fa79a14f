// Quick checks of one picture: a row a method, a column a check, and what each check asks for and can't tell.

const instances = new WeakMap();

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.data = data;
  state.root.classList.toggle("stale", data.stale);
  followOnly(state, data.run, () => begin(state), (messages, job) => take(state, messages, job));
  return whenGone(parentElement, () => state.unfollow?.());
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { root, found: new Map(), refused: new Map(), job: null };
  state.place = element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Quick checks" });
  state.words = element("div");
  state.sentences = element("details", { ontoggle: () => render(state) }, element("summary", {}, "Every check in words"));
  state.list = element("ul");
  state.sentences.append(state.list);
  root.replaceChildren(state.place, state.sentences, state.words);
  instances.set(parentElement, state);
  return state;
}

function begin(state) {
  Object.assign(state, { found: new Map(), refused: new Map(), job: null });
  state.words.replaceChildren(element("details", {}, element("summary", {}, "What each check asks for, and can't tell"), element("dl", { class: "glossary" }, ...state.data.checks.flatMap(explained))));
  render(state);
}

const explained = ({ label, summary, criterion, limits, paper }) => [
  element("dt", {}, element("strong", {}, label)),
  element("dd", {}, `${summary} `, element("span", { class: "muted" }, paper)),
  element("dd", {}, criterion),
  ...limits.map((limit) => element("dd", { class: "muted" }, limit)),
];

function take(state, messages, job) {
  for (const message of messages) {
    if (message.kind === "check") state.found.set(`${message.check} ${message.method}`, message);
    if (message.kind === "refused") state.refused.set(message.method, message.reason);
  }
  state.job = job;
  state.frame ??= requestAnimationFrame(() => { state.frame = undefined; render(state); });
}

function render({ data: { methods, checks }, found, refused, place, list, sentences, job }) {
  const over = ENDED.includes(job?.state);
  const known = methods.filter(({ name }) => !refused.has(name));
  place.replaceChildren(element("table", {}, element("caption", { class: "hidden" }, "Quick checks by method"),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Method"), ...checks.map(({ label, summary, number }) => element("th", { scope: "col", title: summary }, label, element("span", { class: "number muted" }, number))))),
    element("tbody", {}, ...known.map((method) => element("tr", { "data-method": method.name }, nameCell(method, method.name),
      ...checks.map(({ name }) => checkCell(found.get(`${name} ${method.name}`), name, over)))))));
  sentences.hidden = !found.size && !refused.size;
  if (sentences.open) list.replaceChildren(...inWords(methods, checks, found, refused));
}

function checkCell(message, check, over) {
  if (!message) return element("td", { class: "muted", "data-check": check }, over ? "–" : "…");
  const { value, low, high, standing, sentence, final } = message;
  const words = standing ? [element("span", { class: "sign", "aria-hidden": "true" }, STANDINGS[standing][0]), standingWords(message)] : [element("span", { class: "muted" }, "can't be told")];
  const numbers = value === null ? "" : low === null || low === high ? fixed(value) : `${fixed(value)} (${fixed(low)} to ${fixed(high)})`;
  return element("td", { title: sentence, "data-check": check, "data-standing": standing ?? "none", class: final ? undefined : "muted" },
    element("span", { class: "standing" }, ...words), element("span", { class: "interval muted" }, numbers));
}

const inWords = (methods, checks, found, refused) => methods.flatMap(({ name, label }) => {
  if (refused.has(name)) return [element("li", {}, `${label}: ${refused.get(name)}`)];
  return checks.filter((check) => found.has(`${check.name} ${name}`)).map((check) => element("li", {}, `${label}, ${check.label}: ${found.get(`${check.name} ${name}`).sentence}`));
});
