// How the methods stand, in words and with their figures: the least similar to the trained network's map first.

const STANDINGS = { passes: ["▲", "passes"], fails: ["▼", "fails"], unclear: ["–", "unclear"] };
const standingWords = ({ standing, final }) => STANDINGS[standing][1] + (final ? "" : ", so far");

function standingsTable(methods, verdicts, similarity, n) {
  const rows = methods.filter(({ name }) => verdicts.has(name)).map((method) => ({ method, verdict: verdicts.get(method.name) }));
  rows.sort((one, other) => (one.verdict.value ?? 2) - (other.verdict.value ?? 2));
  const spans = rows.flatMap(({ verdict }) => [verdict.value, verdict.low, verdict.high, ...(verdict.chance ?? [])]).filter((value) => value !== null);
  const span = { low: Math.min(0, ...spans), high: Math.max(1, ...spans), random: null };
  return element("table", { class: "standings" }, element("caption", { class: "hidden" }, "Verdicts, the map that changes most first"),
    element("thead", {}, element("tr", {}, ...["Method", "Verdict", similarity, "By chance", n].map((words) => element("th", { scope: "col" }, words)), element("th", { scope: "col", class: "words" }, "In words"))),
    element("tbody", {}, ...rows.map(({ method, verdict }) => standingRow(method, verdict, span))));
}

const standingRow = (method, verdict, span) => element("tr", { "data-method": method.name, "data-standing": verdict.standing, class: verdict.final ? undefined : "muted" },
  nameCell(method, method.name),
  element("td", { class: "verdict-cell" }, element("span", { class: "sign", "aria-hidden": "true" }, STANDINGS[verdict.standing][0]), standingWords(verdict)),
  element("td", {}, ...figureOf(verdict, span)),
  element("td", {}, verdict.chance ? `${fixed(verdict.chance[0])} to ${fixed(verdict.chance[1])}` : "–"),
  element("td", {}, verdict.n),
  element("td", { class: "words" }, verdict.sentence));

function figureOf({ value, low, high, chance }, span) {
  if (value === null) return ["–"];
  const drawnLine = line({ mean: value, low, high }, span);
  if (chance) {
    const by = element("span", { class: "chance" });
    by.style.left = `${(100 * (chance[0] - span.low)) / (span.high - span.low)}%`;
    by.style.width = `${(100 * (chance[1] - chance[0])) / (span.high - span.low)}%`;
    drawnLine.prepend(by);
  }
  return [element("span", { class: "mean" }, fixed(value)), drawnLine, element("span", { class: "interval muted" }, low === null ? "one value" : `${fixed(low)} to ${fixed(high)}`)];
}

// The count of each standing among the methods that look at a model.
function standingsLine(methods, verdicts) {
  const real = methods.filter(({ name, control }) => !control && verdicts.has(name)).map((method) => ({ ...method, ...verdicts.get(method.name) }));
  if (!real.length) return "";
  const told = ["passes", "fails", "unclear"].map((standing) => [standing, real.filter((each) => each.standing === standing).map(({ label }) => label)]).filter(([, labels]) => labels.length);
  const words = { passes: ["passes", "pass"], fails: ["fails", "fail"], unclear: ["stays unclear", "stay unclear"] };
  const counts = told.map(([standing, labels]) => `${labels.length} ${words[standing][labels.length === 1 ? 0 : 1]}${standing === "passes" ? "" : ` (${labels.join(", ")})`}`);
  return `${real.every(({ final }) => final) ? "" : "So far: "}Of ${counted(real.length, "method")} ${counts.join(", ")}.`;
}
