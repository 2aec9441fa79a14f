// All heatmaps of a run, or of several one below the other: cards that fill one by one, under one bar that says how they are
// shown. Where they are folded, the first row has the best methods and the best control, and the rest unfolds; a file shows
// them whole, in the same order.

import { element } from "../kit/dom.js";
import { component } from "../kit/frame.js";
import { bothSigns, measured, reach } from "../kit/heatmap.js";
import { short } from "../kit/numbers.js";
import { ended, mapOf } from "../kit/stream.js";
import { makeViewBar, view } from "../kit/view_bar.js";
import { endCard, fullName, makeCard, markBest, outdate, paintCard, refuseCard, showHeatmap, showJudged } from "./card.js";
import { JUDGES } from "./card_scores.js";
import { makeEnlarged } from "./enlarged.js";

const NARROWEST = 112;
const GAP = 10;
const MORE = 66;
const FEW_ACROSS = 4;
const NO_MAP = {
  done: "This method gave no map.",
  cancelled: "Cancelled before there was a map.",
  failed: "The run failed before there was a map.",
  gone: "The server no longer keeps this run.",
};

export default component({
  mount(state) {
    state.judge = JUDGES[state.data.judge];
    Object.assign(state, { columns: [], across: 0, unfolded: false });
    state.place = element("div", { class: "columns" });
    new ResizeObserver(() => fit(state)).observe(state.place);
    state.bar = makeViewBar((name) => viewChanged(state, name), state.judge);
    state.enlarged = makeEnlarged(() => painted(state), (stage, card) => stage.show(card.map, view, scaleFor(card.map, sharedScale(state))));
    return [element("h2", { class: "hidden" }, "Heatmaps"), state.bar.place, state.place, state.enlarged.dialog];
  },

  places: columnsOf,

  begin(column) {
    const { state, data: { run, methods } } = column;
    state.enlarged.close();
    const enlarge = (card) => card.map && state.enlarged.open(card);
    const kept = state.judge.keeps ? new Map(column.cards) : new Map();
    column.cards.clear();
    const crop = `/api/jobs/${run}/crop`;
    for (const method of methods) column.cards.set(method.name, keptCard(kept.get(method.name), method, crop) ?? makeCard(method, column, crop, enlarge));
    column.grid.replaceChildren(...[...column.cards.values()].map((card) => card.place));
    offerSign(state);
    arrange(state);
  },

  take: {
    HeatmapReady: receiveMap,
    MethodRefused: (column, { method, reason }) => column.cards.has(method) && refuseCard(column.cards.get(method), reason),
    FidelityReady: judgeCard,
    ScoresReady: judgeCard,
    SpreadReady: judgeCard,
  },

  heard(column) {
    const { state, job } = column;
    if (ended(job)) for (const card of column.cards.values()) endCard(card, NO_MAP[job.state]);
    if (view.sort === "score" && column.unsorted && (ended(job) || !state.judge.keeps)) arrange(state);
  },

  render(state) {
    if (!state.repaint) return;
    state.repaint = false;
    const shared = sharedScale(state);
    for (const card of painted(state)) paintCard(card, scaleFor(card.map, shared));
    sayScale(state, shared);
    state.enlarged.refresh();
  },
});

// A column a run; those that stay keep their place in the page.
function columnsOf(state) {
  const { runs } = state.data;
  for (const { place } of state.columns.splice(runs.length)) place.remove();
  state.place.dataset.count = runs.length;
  runs.forEach((data, at) => {
    const column = (state.columns[at] ??= addColumn(state));
    column.data = data;
    column.heading.textContent = data.title;
  });
  return [...state.columns];
}

function addColumn(state) {
  const column = { state, cards: new Map(), heading: element("p", { class: "model" }), grid: element("div", { class: "grid" }) };
  column.more = element("button", { type: "button", class: "more", "aria-expanded": "false", onclick: () => unfold(state) });
  column.place = element("div", {}, column.heading, element("div", { class: "row" }, column.grid, column.more));
  state.place.append(column.place);
  return column;
}

function keptCard(card, method, crop) {
  if (!card?.map || card.place.dataset.state === "refused") return undefined;
  Object.assign(card, { method, crop, coming: null });
  card.settings.textContent = method.settings;
  outdate(card);
  return card;
}

async function receiveMap(column, message) {
  const { state, data: { run } } = column, card = column.cards.get(message.heatmap.method);
  if (!card) return;
  card.coming = message;
  const values = await mapOf(run, message.sequence);
  if (column.data.run !== run || card.coming !== message) return;
  card.coming = null;
  if (values) {
    card.map = measured(values, message.heatmap.width);
    card.stage.see(card.crop);
    showHeatmap(card, message);
    offerSign(state);
    if (view.scale === "shared") scheduleRepaint(state);
    else paintCard(card, scaleFor(card.map));
  }
  if (ended(column.job)) endCard(card, NO_MAP[column.job.state]);
}

function judgeCard(column, message) {
  const { judge } = column.state, card = column.cards.get(message.method);
  const judged = card && judge.read[message.kind]?.(message, card.judged);
  column.unsorted ||= message.kind in judge.read;
  if (judged !== undefined) showJudged(card, judged);
}

const painted = (state) => state.columns.flatMap(({ cards }) => [...cards.values()]).filter(({ map }) => map);
const offerSign = (state) => state.bar.offerSign(painted(state).some(({ map }) => bothSigns(map)));
const scaleFor = (map, shared) => (view.scale === "shared" ? shared : reach(map, view.range));
const sharedScale = (state) => Math.max(0, ...painted(state).map(({ map }) => reach(map, view.range)));

// One map's range may darken all the others: whose it is has to be said.
function sayScale(state, shared) {
  const setter = view.scale === "shared" && painted(state).find(({ map }) => reach(map, view.range) === shared);
  const low = setter && painted(state).some(({ map }) => map.low < 0) ? short(-shared) : "0";
  state.bar.say(setter ? `Shared scale: ${low} to ${short(shared)}, set by ${fullName(setter)}. Each card states its own values.` : "");
}

function viewChanged(state, name) {
  if (name === "sort") arrange(state);
  else if (name === "opacity") for (const { stage } of painted(state)) stage.canvas.style.opacity = view.opacity;
  else scheduleRepaint(state);
}

function scheduleRepaint(state) {
  state.repaint = true;
  state.redraw();
}

function fit(state) {
  const across = Math.max(2, Math.floor((state.place.clientWidth - (unfolds(state) ? MORE : 0) + GAP) / (NARROWEST + GAP)));
  if (across === state.across) return;
  state.across = across;
  state.place.style.setProperty("--across", across);
  arrange(state);
}

const unfolds = ({ data: { folded, whole } }) => folded && !whole;

function unfold(state) {
  state.unfolded = !state.unfolded;
  arrange(state);
}

// Puts the cards into their order, and hides those that are folded away.
function arrange(state) {
  const { folded } = state.data, rows = state.across > FEW_ACROSS ? 1 : 2;
  for (const column of state.columns) {
    const order = folded ? rivalLast(sorted(state, column), rows * state.across) : sorted(state, column);
    const shown = unfolds(state) && !state.unfolded ? rows * state.across : order.length;
    const best = view.sort === "score" && order.find(({ method, judged }) => method.rival && judged);
    order.forEach((card, at) => {
      const { place } = card;
      markBest(card, card === best);
      place.hidden = at >= shown;
      place.classList.toggle("rightward", 2 * (at % state.across) >= state.across);
    });
    lineUp(column.grid, order.map((card) => card.place));
    showMore(column.more, order.length - rows * state.across, state);
    column.unsorted = false;
  }
}

function sorted(state, column) {
  const goodness = ({ judged }) => (judged === null ? -Infinity : state.judge.goodness(judged));
  const order = [...column.cards.values()];
  return view.sort === "score" ? order.sort((one, other) => goodness(other) - goodness(one)) : order;
}

// Methods, then controls; but the best control closes the first cards, so that it is seen beside them. It is one that
// ignores the model: the oracle, which knows the truth, tells nothing of what a method is worth.
function rivalLast(order, first) {
  const methods = order.filter(({ method }) => !method.control), controls = order.filter(({ method }) => method.control);
  const rivals = controls.filter(({ method }) => method.rival).slice(0, 1);
  const at = Math.min(first - rivals.length, methods.length);
  return [...methods.slice(0, at), ...rivals, ...methods.slice(at), ...controls.filter((card) => !rivals.includes(card))];
}

// What is moved keeps the keyboard's focus; what stands right is not moved.
function lineUp(grid, places) {
  if (places.every((each, at) => grid.children[at] === each)) return;
  const focused = grid.getRootNode().activeElement;
  grid.append(...places);
  if (grid.contains(focused)) focused.focus({ preventScroll: true });
}

function showMore(more, count, state) {
  const { unfolded } = state;
  more.hidden = !unfolds(state) || count <= 0;
  more.setAttribute("aria-expanded", String(unfolded));
  more.textContent = unfolded ? "fewer" : `+ ${count} more`;
}
