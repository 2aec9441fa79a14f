// Each method's place by F under every imputer: how much a ranking hangs on what replaces a removed pixel.

const instances = new WeakMap();

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.data = data;
  state.root.classList.toggle("stale", data.stale);
  followOnly(state, data.run, () => { state.found = new Map(); state.job = null; render(state); }, (messages, job) => take(state, messages, job));
  return whenGone(parentElement, () => state.unfollow?.());
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { root, found: new Map(), table: element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Places under every imputer" }), said: element("p", { role: "status" }) };
  root.replaceChildren(state.said, state.table);
  instances.set(parentElement, state);
  return state;
}

function take(state, messages, job) {
  for (const message of messages) if (message.kind === "imputer") state.found.set(message.imputer, placesOf(message.scores));
  state.job = job;
  render(state);
}

function placesOf(scores) {
  const order = Object.keys(scores).sort((one, other) => scores[other] - scores[one]);
  return { scores, order, places: new Map(order.map((method, at) => [method, at + 1])) };
}

function render(state) {
  const { data, found, job } = state;
  const chosen = found.get(data.chosen);
  state.said.textContent = found.size ? howFar(data, found, chosen, ENDED.includes(job?.state)) : "";
  if (!found.size) { state.table.replaceChildren(); return; }
  const imputers = data.imputers.filter(({ name }) => found.has(name));
  const base = chosen ?? found.get(imputers[0].name);
  const head = element("tr", {}, element("th", { scope: "col" }, "Method"),
    ...imputers.map(({ name, label }) => element("th", { scope: "col", class: name === data.chosen ? "chosen" : undefined }, label, name === data.chosen ? element("span", { class: "tag" }, "chosen") : null)));
  state.table.replaceChildren(element("table", {}, element("caption", { class: "hidden" }, "Place by F, and F, of each method under each imputer"), element("thead", {}, head),
    element("tbody", {}, ...base.order.map((method) => element("tr", { "data-method": method }, nameCell(data.methods.find(({ name }) => name === method), method),
      ...imputers.map(({ name }) => rankCell(found.get(name), method, name === data.chosen ? undefined : chosen)))))));
}

function rankCell({ scores, places }, method, chosen) {
  const moved = chosen ? chosen.places.get(method) - places.get(method) : 0;
  const words = moved > 0 ? `${counted(moved, "place")} up` : moved < 0 ? `${counted(-moved, "place")} down` : "";
  return element("td", { class: moved ? "moved" : undefined, title: words || undefined },
    element("strong", {}, `${places.get(method)}.`), words ? element("span", { class: "sign", "aria-hidden": "true" }, moved > 0 ? ` ↑${moved}` : ` ↓${-moved}`) : "",
    words ? element("span", { class: "hidden" }, ` ${words} `) : "", element("span", { class: "muted f" }, `F ${fixed(scores[method])}`));
}

function howFar(data, found, chosen, over) {
  if (!chosen) return "";
  const others = data.imputers.filter(({ name }) => name !== data.chosen && found.has(name));
  if (!others.length) return "";
  const swapped = others.map(({ name, label }) => ({ label, ...swaps(chosen.scores, found.get(name).scores) }));
  const worst = swapped.reduce((one, other) => (other.count > one.count ? other : one));
  const best = new Set([chosen.order[0], ...others.map(({ name }) => found.get(name).order[0])]);
  const label = (method) => data.methods.find(({ name }) => name === method)?.label ?? method;
  const first = best.size === 1 ? `${label(chosen.order[0])} is first under ${over ? "every imputer" : "all so far"}.` : `The first place goes to ${[...best].map(label).join(" or ")}.`;
  const most = worst.count ? ` ${worst.label} moves most: of ${worst.pairs} pairs of methods ${worst.count} change their order (Kendall's tau ${fixed(worst.tau)}).` : " No pair of methods changes its order.";
  return first + most;
}

// How many pairs of methods are the other way round; ties count as neither.
function swaps(one, other) {
  const methods = Object.keys(one).filter((method) => method in other);
  let count = 0, same = 0, pairs = 0;
  methods.forEach((first, at) => methods.slice(at + 1).forEach((second) => {
    const sign = Math.sign(one[first] - one[second]) * Math.sign(other[first] - other[second]);
    pairs += 1;
    if (sign < 0) count += 1;
    if (sign > 0) same += 1;
  }));
  return { count, pairs, tau: pairs ? (same - count) / pairs : 1 };
}
