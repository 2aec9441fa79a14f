// One map's F among those of its own copies, shifted and flipped: is it more than its shape?

const instances = new WeakMap();
const WIDTH = 560, TALL = 74, SIDES = 34;

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.data = data;
  state.root.classList.toggle("stale", data.stale);
  followOnly(state, data.run, () => { state.found = null; render(state); }, (messages) => {
    state.found = messages.filter(({ kind }) => kind === "matched").at(-1) ?? state.found;
    render(state);
  });
  return whenGone(parentElement, () => state.unfollow?.());
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { root, said: element("p", { role: "status" }), place: element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "F of the map and of its copies" }) };
  root.replaceChildren(state.said, state.place);
  instances.set(parentElement, state);
  return state;
}

function render({ said, place, found, data }) {
  said.textContent = found ? verdictOf(found, data.label) : "";
  place.replaceChildren(...(found ? [strip(found, data.label)] : []));
}

function verdictOf({ value, by_chance: copies, rank, final }, label) {
  const so = final ? "" : "So far: ";
  const of = `${so}${label}, F ${fixed(value)}, is ${ordinal(rank)} among itself and ${copies.length} copies of its shape, shifted and flipped.`;
  if (!final) return of;
  const p = rank / (copies.length + 1);
  if (p <= 0.05) return `${of} More than its shape: a copy elsewhere does as well in one case of ${copies.length + 1} at most.`;
  const half = rank <= (copies.length + 1) / 2;
  return `${of} ${half ? "It may be no more than its shape" : "No more than its shape"}: ${counted(rank - 1, "copy that lies elsewhere does", "copies that lie elsewhere do")} as well or better.`;
}

const ordinal = (rank) => (rank === 1 ? "the best" : `number ${rank}`);

function strip({ value, by_chance: copies }, label) {
  const all = [value, ...copies, 0];
  const low = Math.min(...all), high = Math.max(...all);
  const x = (number) => SIDES + ((number - low) / (high - low || 1)) * (WIDTH - 2 * SIDES);
  return drawn("svg", { width: WIDTH, height: TALL, viewBox: `0 0 ${WIDTH} ${TALL}`, role: "img", "aria-label": `F of ${label} ${fixed(value)}; F of its copies from ${fixed(Math.min(...copies))} to ${fixed(Math.max(...copies))}` },
    drawn("line", { class: "rule", x1: SIDES, x2: WIDTH - SIDES, y1: 40, y2: 40 }),
    drawn("line", { class: "zero", x1: x(0), x2: x(0), y1: 30, y2: 50 }),
    drawn("text", { class: "tick", x: x(0), y: 66, "text-anchor": "middle" }, "0"),
    ...copies.map((copy) => drawn("circle", { class: "copy", cx: x(copy), cy: 40, r: 5 })),
    drawn("line", { class: "own", x1: x(value), x2: x(value), y1: 22, y2: 52 }),
    drawn("text", { class: "tick strong", x: x(value), y: 15, "text-anchor": x(value) > WIDTH - 90 ? "end" : x(value) < 90 ? "start" : "middle" }, `${label} ${fixed(value)}`));
}
