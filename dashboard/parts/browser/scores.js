// The scores of all methods, the best first, and the curves once more as numbers.

function scoreTable(fidelities, methods, metrics, earlier) {
  const rows = [...fidelities.values()].sort((one, other) => other.value - one.value);
  const names = new Map(methods.map((method) => [method.name, method]));
  const head = element("tr", {}, element("th", { scope: "col" }, "Method"),
    ...metrics.map(({ symbol, arrow, summary }) => element("th", { scope: "col", title: summary }, `${symbol}${arrow}`)),
    earlier ? element("th", { scope: "col", title: "Place by F, with the other imputer and now" }, `Place, ${earlier.imputer.toLowerCase()} → now`) : null,
    element("th", { scope: "col", class: "words" }, "Verdict"));
  return element("table", { class: "scores" }, element("caption", { class: rows.every(({ final }) => final) ? "hidden" : "muted" }, rows.every(({ final }) => final) ? "Scores of all methods, the best first" : "So far, from coarse curves: scores and verdicts may still change."),
    element("thead", {}, head), element("tbody", {}, ...rows.map((row, place) => scoreRow(row, names.get(row.method), earlier && [earlier.places[row.method] ?? "–", place + 1]))));
}

const scoreRow = (score, method, moved) => element("tr", { "data-method": score.method, class: score.final ? undefined : "muted" },
  element("th", { scope: "row" }, method?.label ?? score.method, method?.control ? element("span", { class: "tag" }, "control") : null),
  element("td", {}, scored(score), element("span", { class: "sign", "aria-hidden": "true" }, verdictSign(score))),
  element("td", {}, fixed(score.mrg)),
  element("td", {}, fixed(score.lrg)),
  element("td", {}, score.artifact_share === null ? "–" : score.artifact_share > 1 ? "> 100 %" : percent(score.artifact_share)),
  moved ? element("td", {}, moved.join(" → ")) : null,
  element("td", { class: "words" }, score.sentence));

function curveTable(curves, methods) {
  const lines = methods.flatMap(({ name, label }) => ["mif", "lif"].map((order) => ({ name, order, title: `${label}, ${order.toUpperCase()}` })))
    .filter(({ name, order }) => curves.line(name, order).length);
  if (!lines.length) return element("p", { class: "muted" }, "No points yet.");
  const random = { name: "", order: "random", title: "random order" };
  const all = [...lines, random];
  const fractions = curves.fractions(lines[0].name, lines[0].order);
  return element("table", {}, element("caption", { class: "hidden" }, "Curves as numbers"),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "removed"), ...all.map(({ title }) => element("th", { scope: "col" }, title)))),
    element("tbody", {}, ...fractions.map((fraction) => element("tr", {}, element("th", { scope: "row" }, percent(fraction)),
      ...all.map(({ name, order }) => element("td", {}, curves.at(name, order, fraction) ? fixed(curves.at(name, order, fraction).value, 3) : "–"))))));
}
