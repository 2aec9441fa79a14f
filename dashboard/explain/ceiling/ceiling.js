// The best order of pixels that a search finds: how F climbs with its passes, what the order looks like beside the best
// map's, and F of every map as a share of what the order reaches.

import { dot, level, line, makeChart, risingAxis, tick } from "../../components/kit/chart.js";
import { element, region, say } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { measured } from "../../components/kit/heatmap.js";
import { makeStage } from "../../components/kit/map_view.js";
import { fixed } from "../../components/kit/numbers.js";
import { ended, mapOf } from "../../components/kit/stream.js";
import { methodLabel } from "../../components/kit/table.js";
import { SEARCHED, ceilingWords, climbWords, sharesTable } from "./shares.js";

const CLIMB = { height: 190, edges: { left: 44, right: 14, top: 14, bottom: 38 }, narrowest: 240, toCome: "No order yet" };
const CLIMB_KEY = "Grey: at steps that remove whole patches. In colour: at the steps of the curves.";

export default component({
  mount(state) {
    state.said = element("div", { role: "status" }, element("p", { class: "answer" }), element("p", { class: "muted" }));
    state.climb = makeChart(CLIMB);
    state.chart = element("figure", { class: "climb" }, element("figcaption", {}, "F of the best order so far, by passes ", element("span", { class: "muted small" }, CLIMB_KEY)), state.climb.place);
    state.orders = element("div", { class: "orders" });
    state.shares = region("F and its share of the ceiling");
    state.ofThisRun = element("p", { class: "muted small", hidden: true });
    return [state.said, element("div", { class: "found" }, state.chart, state.orders), state.shares, state.ofThisRun];
  },

  begin(state) {
    Object.assign(state, { improved: [], progress: null, ceiling: null, maps: new Map() });
    state.orders.replaceChildren();  // what stood here was of another picture
  },

  take: {
    Progress: (state, message) => { state.progress = message; },
    OrderImproved: (state, message) => state.improved.push(message),
    CeilingReady: (state, { ceiling }) => { state.ceiling = ceiling; },
    HeatmapReady: (state, message) => state.maps.set(message.heatmap.method, message),
  },

  render(state) {
    const { data, improved, progress, ceiling, maps, said, shares, chart, orders } = state;
    const [answer, reason] = ceiling ? ceilingWords(data.methods, ceiling) : climbWords(improved.at(-1), progress, ended(state.job));
    say(said.firstChild, answer);
    say(said.lastChild, reason);
    chart.hidden = !improved.length;
    if (improved.length) state.climb.draw(climbPicture(improved, ceiling));
    shares.replaceChildren(...(ceiling ? [sharesTable(data.methods, ceiling)] : []));
    state.ofThisRun.hidden = !ceiling;
    say(state.ofThisRun, data.of_this_run);
    for (const [name, message] of maps) if (!orders.querySelector(`[data-order="${name}"]`)) orders.append(orderFigure(state, name, message));
  },
});

function climbPicture(improved, ceiling) {
  const { total } = improved[0], best = ceiling && Math.max(...Object.values(ceiling.fidelities));
  const reached = [...improved.map(({ value }) => value), ...(ceiling ? [ceiling.value, best] : [])];
  const rough = improved.filter(({ exact }) => !exact), exact = improved.filter((each) => each.exact);
  const stop = ceiling ? ceiling.passes : improved.at(-1).passes;
  return {
    words: `F of the best order so far, from ${fixed(improved[0].value)} after ${improved[0].passes} passes to ${fixed((ceiling ?? improved.at(-1)).value)} after ${stop}${ceiling ? `; the best map's F is ${fixed(best)}` : ""}`,
    x: [0, total], y: [Math.min(0, ...reached), Math.max(...reached) * 1.06 || 1],
    layers: (to) => [
      ...risingAxis(to, fixed),
      ...[0, 0.25, 0.5, 0.75, 1].map((share) => tick(Math.round(share * total).toLocaleString("en"), to.x(share * total), to.foot + 17, share === 1 ? "end" : "middle")),
      tick("passes", (to.left + to.right) / 2, to.height - 5),
      ...(ceiling ? [level(to, best, "least"), tick("best map", to.right, to.y(best) + 13, "end")] : []),
      line(to, stairs(rough, exact[0]?.passes ?? stop), { class: "line rough" }),
      line(to, stairs(exact, stop), { stroke: "var(--accent)" }),
      ...(ceiling ? [dot(to, ceiling.passes, ceiling.value, "var(--accent)")] : []),
    ],
  };
}

// Between two better orders the best stays what it was.
function stairs(improved, stop) {
  return improved.flatMap(({ passes, value }, at) => [[passes, value], [improved[at + 1]?.passes ?? stop, value]]);
}

function orderFigure(state, name, { sequence, heatmap }) {
  const { data, ceiling } = state, searched = name === SEARCHED;
  const title = searched ? "Best order found" : `Order of ${methodLabel(data.methods, name)}`;
  const words = `${title}: how early each pixel is removed`;
  const stage = makeStage(data.crop, () => {}, `Read the values with the arrow keys: ${words}`);
  stage.canvas.setAttribute("aria-label", words);
  showOrder(stage, state, sequence, heatmap.width);
  const value = searched ? ceiling.value : ceiling.fidelities[name];
  return element("figure", { "data-order": name }, stage.place, element("figcaption", {}, element("strong", {}, title), element("span", { class: "muted" }, ` F ${fixed(value)}`)));
}

async function showOrder(stage, { data }, sequence, width) {
  const values = await mapOf(data.run, sequence);
  if (values) stage.showAsItIs(measured(values, width));
}
