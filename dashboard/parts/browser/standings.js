// How the methods stand, in words and with their figures: the least similar to the trained network's map first, and
// after all methods the controls.

const STANDINGS = { passes: ["▲", "passes"], fails: ["▼", "fails"], unclear: ["–", "unclear"] };
const CUT_SHORT = "No verdict: the run ended before all that it takes was known.";
const standingWords = ({ standing, final }) => STANDINGS[standing][1] + (final ? "" : ", so far");

// `half` is the likeness that the criterion turns on; `over` is what n counts.
function standingsTable(methods, verdicts, similarity, half, over) {
  const rows = methods.filter(({ name }) => verdicts.has(name)).map((method) => ({ method, verdict: verdicts.get(method.name) }));
  rows.sort((one, other) => Number(one.method.control) - Number(other.method.control) || (one.verdict.mean.value ?? 2) - (other.verdict.mean.value ?? 2));
  const ends = rows.flatMap(({ verdict }) => [...Object.values(verdict.mean), ...Object.values(verdict.last), ...(verdict.chance ?? [])]).filter((value) => value !== null);
  const span = { low: Math.min(0, ...ends), high: Math.max(1, ...ends), random: half };
  return element("table", { class: "standings" }, element("caption", { class: "hidden" }, "Verdicts: methods, then controls, of each the map that changes most first"),
    element("thead", {}, element("tr", {}, ...["Method", "Verdict"].map(tall), element("th", { scope: "colgroup", colspan: 2, class: "group" }, similarity), tall(over), tall("In words", "words")),
      element("tr", {}, ...["over stages", "all random"].map((words) => element("th", { scope: "col" }, words)))),
    element("tbody", {}, ...rows.map(({ method, verdict }) => standingRow(method, verdict, span))));
}

const tall = (words, kind) => element("th", { scope: "col", rowspan: 2, class: kind === "words" ? kind : undefined }, words);

const standingRow = (method, verdict, span) => element("tr", { "data-method": method.name, "data-standing": verdict.standing, class: verdict.final ? undefined : "muted" },
  nameCell(method, method.name),
  element("td", { class: "verdict-cell" }, element("span", { class: "sign", "aria-hidden": "true" }, STANDINGS[verdict.standing][0]), standingWords(verdict)),
  figureCell(verdict.mean, verdict.chance, span), figureCell(verdict.last, verdict.chance, span),
  element("td", {}, verdict.n, verdict.blank ? element("span", { class: "interval muted", title: "Maps of randomised networks that were constant or refused" }, `${verdict.blank} blank`) : null),
  element("td", { class: "words" }, verdict.sentence));

// A likeness on a line from unlike to alike, a thin mark at half; a shade where copies of the map lie that stand elsewhere.
function figureCell({ value, low, high }, chance, span) {
  if (value === null) return element("td", { title: "Can't be told." }, "–");
  const track = line({ mean: value, low, high }, span);
  if (chance) {
    const by = placed(element("span", { class: "chance", title: `Copies of the map elsewhere: ${fixed(chance[0])} to ${fixed(chance[1])}` }), `${shareOf(chance[0], span)}%`);
    by.style.width = `${shareOf(chance[1], span) - shareOf(chance[0], span)}%`;
    track.prepend(by);
  }
  return element("td", {}, element("span", { class: "mean" }, fixed(value)), track, element("span", { class: "interval muted" }, low === null ? "one value" : `${fixed(low)} to ${fixed(high)}`));
}

const shareOf = (value, { low, high }) => (100 * (value - low)) / (high - low);

// The count of each standing among the methods that look at a model; as long as none is more than open, that alone.
function standingsLine(methods, verdicts, over) {
  const real = methods.filter(({ name, control }) => !control && verdicts.has(name)).map((method) => ({ ...method, ...verdicts.get(method.name) }));
  if (!real.length) return "";
  if (real.every(({ final, standing }) => !final && standing === "unclear")) return over ? CUT_SHORT : "So far no verdict.";
  const told = ["passes", "fails", "unclear"].map((standing) => [standing, real.filter((each) => each.standing === standing).map(({ label }) => label)]).filter(([, labels]) => labels.length);
  const words = { passes: ["passes", "pass"], fails: ["fails", "fail"], unclear: ["stays unclear", "stay unclear"] };
  const counts = told.map(([standing, labels]) => `${labels.length} ${words[standing][labels.length === 1 ? 0 : 1]}${standing === "passes" ? "" : ` (${labels.join(", ")})`}`);
  return `${real.every(({ final }) => final) ? "" : "So far: "}Of ${counted(real.length, "method")} ${counts.join(", ")}.`;
}
