// What is kept as the hole grows, over many pictures: the verdict, share kept, confidence and energy by method, each method
// beside its controls, and the gaps as a table.

import { palette } from "../../components/kit/chart.js";
import { choice, earlierMark, element, folded, markEarlier, region, say, showLines } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { coloursOf, makeNames } from "../../components/kit/line_legend.js";
import { counted, soFar } from "../../components/kit/numbers.js";
import { chartsSideBySide, lineSample } from "../../components/kit/side_by_side.js";
import { ended } from "../../components/kit/stream.js";
import { methodLabel } from "../../components/kit/table.js";
import { REGION_WORDS } from "../variations/region_card.js";
import { KEPT_SIZES, MEASURES, METHOD_SIZES, REGION_LINES, keptPoints, methodsPicture, regionsPicture } from "./kept_curves.js";
import { GAPS, curvesTable, gapTable } from "./kept_tables.js";
import { keptVerdict } from "./kept_verdict.js";

const MEASURE_TITLES = Object.entries(MEASURES).map(([name, { title }]) => [name, title]);
const HIDDEN_REGIONS = "Lines: the region that each method calls salient. Bands: 95 % intervals over pictures. Energy score: how well the prior guesses; lower is better.";

export default component({
  mount(state) {
    state.measure = "kept";
    state.earlier = earlierMark();
    state.verdict = element("p", { class: "verdict", role: "status" });
    state.basis = element("p", { class: "muted small" });
    state.refusals = element("details", { class: "refusals", hidden: true });
    state.names = makeNames((name) => turnCurve(state, name));
    state.figures = chartsSideBySide(Object.fromEntries(MEASURE_TITLES), KEPT_SIZES);
    state.gaps = region("Gaps and share kept by method");
    state.switch = choice("Measure", MEASURE_TITLES, state.measure, (measure) => { state.measure = measure; state.redraw(); });
    state.key = element("ul", { class: "key", "aria-label": "Regions" });
    state.byMethod = element("div", { class: "methods" });
    state.numbers = region("Curves as numbers");
    state.details = folded("Curves as numbers", state.numbers);
    state.details.ontoggle = state.redraw;
    return [state.earlier, state.verdict, state.basis, state.refusals, state.names.place, state.figures.place, element("p", { class: "muted small" }, HIDDEN_REGIONS),
      state.gaps, element("p", { class: "muted small" }, GAPS),
      element("div", { class: "bar" }, element("h2", {}, "Each method beside its controls"), state.switch), state.key, state.byMethod, state.details];
  },

  begin(state) {
    const { data } = state;
    Object.assign(state, { summary: null, refused: [], chosen: new Set(data.methods.map(({ name }) => name)), tableShown: null });
    state.methodFigures = chartsSideBySide(Object.fromEntries(data.methods.map(({ name, label }) => [name, label])), METHOD_SIZES);
    state.byMethod.replaceChildren(state.methodFigures.place);
  },

  take: {
    ReconstructionSummary: (state, message) => { state.summary = message; },
    MethodRefused: ({ data, refused }, { method, reason }) => refused.push(`${methodLabel(data.methods, method)}: ${reason}`),
    PictureRefused: ({ refused }, { picture, reason }) => refused.push(`${picture}: ${reason}`),
  },

  render(state) {
    const { data, summary } = state;
    state.root.dataset.state = summary ? "started" : "waiting";
    markEarlier(state.earlier, data);
    say(state.verdict, keptSoFar(state));
    say(state.basis, summary ? `Over ${counted(summary.pictures, "picture")}, ${counted(data.variations, "variation")} of each region. Filled by: ${summary.prior}.` : "");
    showLines(state.refusals, "Refused", state.refused);
    if (!summary) return;
    const colours = coloursOf(data.methods.map(({ name }) => name), state.root);
    const loud = new Map([...colours].filter(([name]) => state.chosen.has(name)));
    state.names.show(data.methods, loud);
    for (const [name, chart] of Object.entries(state.figures.charts)) chart.draw(methodsPicture(state, name, loud));
    drawRegions(state);
    if (state.tableShown !== summary) state.gaps.replaceChildren(gapTable(state));
    state.tableShown = summary;
    if (state.details.open) state.numbers.replaceChildren(...Object.keys(MEASURES).map((name) => curvesTable(state, name)));
  },
});

// A method's name keeps its capital.
function keptSoFar(state) {
  const { data, summary, job } = state;
  if (!summary) return ended(job) ? "No verdict: the run ended before the first picture." : "The first picture is on its way.";
  const words = keptVerdict(state);
  if (ended(job)) return words;
  return data.methods.some(({ label }) => words.startsWith(label)) ? `So far: ${words}` : soFar(words);
}

function drawRegions(state) {
  const { data, summary, measure } = state, colours = palette(state.root);
  const measured = Object.entries(REGION_LINES).filter(([region]) => data.methods.some(({ name }) => keptPoints(summary, name, region, measure).length));
  state.key.replaceChildren(...measured.map(([name, { style, colour }]) => element("li", {}, lineSample(style, colours[colour % colours.length]), REGION_WORDS[name].title)));
  for (const method of data.methods) state.methodFigures.charts[method.name].draw(regionsPicture(state, method, measure, colours));
}

function turnCurve(state, name) {
  if (!state.chosen.delete(name)) state.chosen.add(name);
  state.redraw();
}
