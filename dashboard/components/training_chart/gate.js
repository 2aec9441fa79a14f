// The gate's three figures with their intervals: whether there is a ground truth at all.

import { element, sign } from "../kit/dom.js";
import { exactly } from "../kit/numbers.js";

const PASSED = "Gate passed: for this model the stamp is ground truth.";
const CLOSED = "Gate failed: the stamp is not ground truth; no map is scored.";

export function gateBox({ figures, least, passed }) {
  return element("div", { class: "gate", "data-passed": String(passed) },
    element("dl", {}, ...figures.map((figure) => gateFigure(figure, least))),
    element("p", { class: "verdict" }, passed ? PASSED : CLOSED, element("span", { class: "muted" }, ` Each figure must be at least ${exactly(least)}, on test pictures that the model never saw.`)));
}

export const gateLine = ({ figures }) => element("p", { class: "muted" },
  `Gate passed: ${figures.map(({ label, value, low, high }) => `${label.charAt(0).toLowerCase()}${label.slice(1)} ${exactly(value)} (${gateSpan(low, high)})`).join("; ")}.`);

function gateFigure({ label, meaning, value, low, high, n }, least) {
  const enough = value !== null && value >= least;
  return element("div", { class: "figure", title: meaning },
    element("dt", { class: "muted" }, label),
    element("dd", {}, element("span", { class: "value" }, exactly(value), sign(enough ? "✓" : "✗"), element("span", { class: "hidden" }, enough ? " enough" : " too low")),
      element("span", { class: "muted small" }, value === null ? "no such pictures" : `${gateSpan(low, high)} · n ${n.toLocaleString("en")}`)));
}

const gateSpan = (low, high) => `${exactly(low).replace("\u00a0%", "")} to ${exactly(high)}`;
