// Accuracy as features go, without and with retraining beside each other: the verdict, a line a ranking with its interval
// over seeds, and what each line shows.

import { dot, level, line, palette, risingAxis, tick } from "../../components/kit/chart.js";
import { earlierMark, element, folded, markEarlier, region, say } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { counted, fixed, percent, soFar } from "../../components/kit/numbers.js";
import { chartsSideBySide, intervalBand, lineSample } from "../../components/kit/side_by_side.js";
import { ended } from "../../components/kit/stream.js";
import { table } from "../../components/kit/table.js";

const RANKED = [
  { name: "worst_first", label: "Worst first", style: "line" },
  { name: "random", label: "Random order", style: "line dashed" },
  { name: "best_first", label: "Best first", style: "line dotted" },
];
const TRAININGS = { without: "Accuracy without retraining", retrained: "Accuracy with retraining" };
const CHART_SIZES = { height: 280, edges: { left: 44, right: 12, top: 10, bottom: 40 }, narrowest: 260 };
const RANDOM_GUESS = 0.5, USUAL_TOP = 0.9, MARGIN = 0.03, SEEDS_FOR_TENTHS = 200;
const NO_DIFFERENCE = "Unclear: retraining makes no significant difference over these seeds.";
const CONCLUSION = "A fall without retraining does not show that the removed features mattered: the model also meets inputs that it never saw. What retraining cannot recover is information that is gone. ROAR (remove and retrain) therefore retrains.";

export default component({
  mount(state) {
    state.earlier = earlierMark();
    state.verdict = element("p", { class: "verdict", role: "status" });
    state.basis = element("p", { class: "muted small" });
    state.key = element("ul", { class: "key", "aria-label": "Order of removal" });
    state.figures = chartsSideBySide(TRAININGS, CHART_SIZES);
    state.lessons = element("ul", { class: "lessons" });
    state.conclusion = element("p", { class: "conclusion" }, CONCLUSION);
    state.numbers = region("Accuracies as numbers");
    state.details = folded("Accuracies as numbers", state.numbers);
    state.details.ontoggle = state.redraw;
    return [state.earlier, state.verdict, state.basis, state.key, state.figures.place, state.lessons, state.conclusion, state.details];
  },

  begin: (state) => Object.assign(state, { ready: null, at: new Map() }),

  take: {
    ToyReady(state, message) {
      state.ready = message;
      state.at = new Map(message.points.map((point) => [keyOfRemoval(point.ranking, point.removed), point]));
    },
  },

  render(state) {
    const { data, ready, job } = state, over = ended(job);
    state.root.dataset.state = ready ? "started" : "waiting";
    markEarlier(state.earlier, data);
    say(state.verdict, ready ? toyVerdict(state, over) : over ? "No verdict: the run ended before the first seed." : "The first seed is on its way.");
    say(state.basis, ready ? `Means over ${counted(ready.seeds, "seed")}; the bands are 95 % intervals.` : "");
    if (!ready) return;
    const ranked = RANKED.map((each, at) => ({ ...each, colour: palette(state.root)[at] }));
    state.key.replaceChildren(...ranked.map((each) => element("li", {}, lineSample(each.style, each.colour), each.label)));
    for (const [name, chart] of Object.entries(state.figures.charts)) chart.draw(removalPicture(state, name, ranked));
    state.lessons.replaceChildren(...lessonsOf(state).map(([label, words]) => element("li", {}, element("b", {}, `${label}. `), words)));
    if (state.details.open) state.numbers.replaceChildren(removalTable(state));
  },
});

const keyOfRemoval = (ranking, removed) => `${ranking} ${removed}`;
const pointOf = ({ at }, ranking, removed) => at.get(keyOfRemoval(ranking, removed));

// What is left once all uninformative features are gone: nothing was lost that the class could be read from.
const informativeLeft = ({ data: { features, informative } }) => features - informative;

// Whether retraining helps, as far as the seeds show.
const gains = ({ data: { fewest }, ready }, { gain }) => ready.seeds >= fewest && gain.low > 0;

function toyVerdict(state, over) {
  const { data: { fewest }, ready } = state;
  const whole = pointOf(state, "worst_first", 0), left = pointOf(state, "worst_first", informativeLeft(state));
  const few = ready.seeds < fewest;
  if (!gains(state, left)) return !over ? "No verdict yet." : few ? `Unclear: a verdict needs at least ${fewest} seeds.` : NO_DIFFERENCE;
  const lost = (point) => Math.max(0, Math.round(100 * (whole.without.mean - point.mean)));
  const words = `Removing uninformative features costs ${lost(left.without)} points of accuracy, ${lost(left.retrained)} after retraining.`;
  return over ? words : soFar(words);
}

function lessonsOf(state) {
  const { features, informative } = state.data, noise = informativeLeft(state), half = features / 2;
  const whole = pointOf(state, "worst_first", 0).without;
  const both = (ranking, removed) => {
    const { without, retrained } = pointOf(state, ranking, removed);
    return `${shareWithInterval(without)} without retraining, ${shareWithInterval(retrained)} with it`;
  };
  // What only holds where retraining helps is said only then.
  const because = (ranking, removed, reason) => gains(state, pointOf(state, ranking, removed)) ? ` ${reason}` : "";
  return [
    ["Worst first", `With all features the accuracy is ${shareWithInterval(whole)}. The first ${noise} to go are uninformative: ${both("worst_first", noise)}.${because("worst_first", noise, "The model needed them to cancel the disturbance; a retrained one needs fewer.")}`],
    ["Random order", `Half of the features gone: ${both("random", half)}.${because("random", half, "Features share information, so a retrained model finds it in those that are left.")}`],
    ["Best first", `After the ${informative} informative features: ${both("best_first", informative)}. Nothing is left to learn from.`],
  ];
}

// Tenths where there are seeds enough for them to mean something. No line ends within it.
function shareWithInterval({ mean, low, high, n }) {
  if (low === null) return percent(mean).replace(" ", "\u00a0");
  const [middle, from, to] = [mean, low, high].map((share) => fixed(100 * share, n < SEEDS_FOR_TENTHS ? 0 : 1));
  return `${middle}\u00a0%\u00a0(${from}\u00a0to\u00a0${to}\u00a0%)`;
}

const curveOf = ({ at }, ranking, training) => [...at.values()].filter((point) => point.ranking === ranking).map((point) => ({ removed: point.removed, ...point[training] }));

function removalPicture(state, training, ranked) {
  const { features, informative } = state.data;
  const curves = ranked.map((each) => ({ ...each, points: curveOf(state, each.name, training) }));
  const ends = [...state.at.values()].flatMap(({ without, retrained }) => [without, retrained]).flatMap(({ mean, low, high }) => [mean, low ?? mean, high ?? mean]);
  return {
    words: removalWords(curves, training, informative), x: [0, features], y: [Math.min(RANDOM_GUESS, ...ends) - MARGIN, Math.max(USUAL_TOP, ...ends)],
    layers: (to) => [
      ...risingAxis(to, percent),
      ...curves[0].points.filter(({ removed }) => removed % informative === 0).map(({ removed }) => tick(removed, to.x(removed), to.foot + 17)),
      tick("features removed", (to.left + to.right) / 2, to.height - 5),
      level(to, RANDOM_GUESS, "least"), tick("chance", to.left + 4, to.y(RANDOM_GUESS) + 15, "start"),
      ...curves.flatMap(({ points, colour }) => intervalBand(to, points.map(({ removed, low, high }) => [removed, low, high]), colour)),
      ...curves.map(({ points, name, style, colour }) => line(to, points.map(({ removed, mean }) => [removed, mean]), { class: style, stroke: colour, "data-ranking": name })),
      ...curves.flatMap(({ points, label, colour }) => points.filter(({ removed }) => removed % informative === 0).map((point) => dot(to, point.removed, point.mean, colour, `${label}, ${point.removed} removed: ${shareWithInterval(point)}`))),
    ],
  };
}

const removalWords = (curves, training, step) => `${TRAININGS[training]} by number of features removed. ${curves.map(({ label, points }) => `${label}: ${points.filter(({ removed }) => removed % step === 0).map(({ removed, mean }) => `${percent(mean)} at ${removed}`).join(", ")}`).join(". ")}.`;

const removalTable = (state) => table({
  caption: "Accuracies as numbers",
  heads: ["Removed", ...RANKED.map(({ label }) => ({ title: label, heads: ["without retraining", "with retraining"] }))],
  rows: Array.from({ length: state.data.features + 1 }, (_, removed) => [{}, removed, ...RANKED.flatMap(({ name }) => {
    const { without, retrained } = pointOf(state, name, removed);
    return [shareWithInterval(without), shareWithInterval(retrained)];
  })]),
});
