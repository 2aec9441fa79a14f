// Every two metrics: their correlation across pictures with its interval, in colour; a cell is chosen by click or keyboard.

import { divergingColour } from "../../components/kit/colours.js";
import { element } from "../../components/kit/dom.js";
import { meaning, symbolOf } from "../../components/kit/metric.js";
import { fixed } from "../../components/kit/numbers.js";

const SCHEME = "viridis";  // purple to orange
const BETWEEN = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export const SCORE_FORMS = {
  raw: ["Raw", "Raw: scores as they are. Some pictures are easy for every metric, which alone makes metrics agree."],
  partial: ["Given difficulty", "Given difficulty: without what a picture gives to maps that ignore the model (the controls)."],
  equalised: ["Equally sparse", "Equally sparse: every map's values are replaced by their ranks, so that no map is sparser than another. Metrics that only use the order of pixels keep their scores."],
};
export const MATRIX_MEANS = "Each cell: Spearman's rank correlation ρ of two metrics across pictures, mean over methods, with its 95 % interval over pictures. 1: both order the pictures alike; 0: unrelated; −1: opposite. Each metric is turned so that higher is better. Bold: the interval excludes 0. Choose a cell to see the pictures behind it.";

export const pairKey = (one, other) => [one, other].sort().join(" ");

export const correlationWords = ([value, low, high, n]) => (value === null ? "undefined: a metric has the same score on all pictures, or there are too few" : `ρ ${fixed(value)}${low === null ? "" : ` (${fixed(low)} to ${fixed(high)})`}, ${n} pictures`);

// Rows and columns are the metrics, numbered; below the diagonal each pair has its cell, which stays while numbers come.
export function makeMatrix(choose) {
  const place = element("div");
  let cells = new Map(), order = [];

  function begin(metrics) {
    order = [...metrics.values()];
    cells = new Map();
    const rows = order.map((metric, row) => element("tr", {},
      element("th", { scope: "row", title: meaning(metric) }, `${row + 1} ${symbolOf(metric)}`),
      ...order.slice(0, -1).map((other, column) => {
        if (column >= row) return element("td", { class: "empty" });
        const button = element("button", { type: "button", tabindex: cells.size ? -1 : 0, disabled: true, onclick: () => choose(pairKey(metric.name, other.name)), onkeydown: (event) => move(event, row, column) }, "…");
        cells.set(pairKey(metric.name, other.name), { button, row, column });
        return element("td", {}, button);
      })));
    place.replaceChildren(element("table", { class: "matrix" },
      element("caption", { class: "hidden" }, "Correlation of every two metrics across pictures"),
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Metric"), ...order.slice(0, -1).map((metric, at) => element("th", { scope: "col", title: symbolOf(metric) }, at + 1, element("span", { class: "hidden" }, ` ${symbolOf(metric)}`))))),
      element("tbody", {}, ...rows)));
  }

  function move(event, row, column) {
    const [down, right] = BETWEEN[event.key] ?? [0, 0];
    const next = (down || right) && [...cells.values()].find((each) => each.row === row + down && each.column === column + right);
    if (!down && !right) return;
    event.preventDefault();
    if (!next) return;
    event.target.tabIndex = -1;
    next.button.tabIndex = 0;
    next.button.focus();
  }

  function show(correlations, chosen) {
    for (const [key, { button, row, column }] of cells) {
      const numbers = correlations?.get(key)?.methods[""];
      const [value = null, low = null, high = null] = numbers ?? [];
      const { colour, words } = divergingColour(SCHEME, value ?? 0);
      button.disabled = !correlations;
      button.style.background = value === null ? "" : colour;
      button.style.color = value === null ? "" : words;
      button.classList.toggle("sure", value !== null && low !== null && (low > 0 || high < 0));
      button.setAttribute("aria-pressed", String(key === chosen));
      button.setAttribute("aria-label", `${order[row].symbol} and ${order[column].symbol}: ${numbers ? correlationWords(numbers) : "no value in this form"}`);
      button.title = button.getAttribute("aria-label");
      button.replaceChildren(...(value === null ? ["–"] : [fixed(value), element("span", { class: "ends" }, low === null ? "" : `${fixed(low, 1)} to ${fixed(high, 1)}`)]));
    }
  }

  return { place, begin, show };
}
