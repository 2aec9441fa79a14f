// The gate's three figures with their intervals: whether there is a ground truth at all.

const PASSED = "The gate is passed: for this model the stamp is the ground truth.";
const CLOSED = "The gate is not passed: for this model the stamp is no ground truth yet, so no map is scored against it.";

function gateBox({ figures, least, passed }) {
  return element("div", { class: "gate", "data-passed": String(passed) },
    element("dl", {}, ...figures.map((figure) => gateFigure(figure, least))),
    element("p", { class: "verdict" }, passed ? PASSED : CLOSED, element("span", { class: "muted" }, ` Each figure has to be at least ${exactly(least)}, on test pictures that it never saw.`)));
}

const gateLine = ({ figures }) => element("p", { class: "muted" },
  `Gate passed: ${figures.map(({ label, value, low, high }) => `${label.charAt(0).toLowerCase()}${label.slice(1)} ${exactly(value)} (${span(low, high)})`).join("; ")}.`);

function gateFigure({ label, meaning, value, low, high, n }, least) {
  const enough = value !== null && value >= least;
  const sign = element("span", { class: "sign", "aria-hidden": "true" }, enough ? "✓" : "✗");
  return element("div", { class: "figure", title: meaning },
    element("dt", { class: "muted" }, label),
    element("dd", {}, element("span", { class: "value" }, exactly(value), sign, element("span", { class: "hidden" }, enough ? " enough" : " too low")),
      element("span", { class: "muted small" }, value === null ? "nothing to try it on" : `${span(low, high)} · n ${n.toLocaleString("en")}`)));
}

// A gate at 99 % is not told by whole percents; rounded down, what is not quite enough never looks as if it were.
function exactly(share) {
  if (share === null) return "–";
  const tenths = Math.floor(share * 1000 + 1e-6) / 10;
  return `${Number.isInteger(tenths) ? tenths : tenths.toFixed(1)}\u00a0%`;
}

const span = (low, high) => `${exactly(low).replace("\u00a0%", "")} to ${exactly(high)}`;
