// F of each map from its own baseline and from what the imputer fills in, with its channels reduced in two ways.

import { element, region, say } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { fixed } from "../../components/kit/numbers.js";
import { cell, methodCell, methodLabel, table } from "../../components/kit/table.js";

export default component({
  mount(state) {
    state.answer = element("p", { class: "answer", role: "status" });
    state.scores = region("F from every baseline");
    return [state.answer, state.scores];
  },

  begin: (state) => { state.found = new Map(); },

  take: {
    BaselineScored: (state, { method, baseline, reduction, score }) => {
      const of = state.found.get(method) ?? new Map();
      state.found.set(method, of.set(baseline, { ...of.get(baseline), [reduction]: score }));
    },
  },

  render({ data, found, answer, scores }) {
    say(answer, found.size ? changed(data, found) : "");
    scores.replaceChildren(...(found.size ? [baselineTable(data, found)] : []));
  },
});


function baselineTable(data, found) {
  const reductions = Object.entries(data.reductions);
  const heads = reductions.map(([, label]) => label);
  const group = (scores) => reductions.map(([name]) => cell(scores?.[name] === undefined ? "–" : fixed(scores[name])));
  return table({
    caption: "F of each map, by its baseline and its channel reduction",
    heads: ["Method", { title: "Own baseline", heads }, { title: `Baseline like the imputer: ${data.baselines[data.imputer].toLowerCase()}`, heads }],
    rows: [...found].map(([method, of]) => [{ "data-method": method }, methodCell(data.methods.find(({ name }) => name === method), method),
      ...group(of.get(data.own[method])), ...group(of.get(data.imputer))]),
  });
}

// The map whose F changes most, in the reduction that the page's own F is of, if it is among the two.
function changed({ own, imputer, reductions, spoken: usual, methods }, found) {
  const pairs = [...found].filter(([method, of]) => own[method] !== imputer && of.has(imputer))
    .map(([method, of]) => ({ method, before: of.get(own[method])?.[usual], after: of.get(imputer)[usual] })).filter(({ before }) => before !== undefined);
  if (!pairs.length) return "";
  const most = pairs.reduce((one, other) => (Math.abs(other.after - other.before) > Math.abs(one.after - one.before) ? other : one));
  const [before, after] = [most.before, most.after].map((score) => fixed(score));
  const way = before === after ? `stays at ${after}` : `${most.after > most.before ? "rises" : "falls"} from ${before} to ${after}`;
  return `With one baseline for both, F of ${methodLabel(methods, most.method)} (${reductions[usual]}) ${way}.`;
}
