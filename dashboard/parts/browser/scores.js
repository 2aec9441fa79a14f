// The scores of all methods, the best first, and the curves once more as numbers.

function scoreTable({ fidelities, extra, data: { groups } }, methods) {
  const rows = [...fidelities.values()].sort((one, other) => other.value - one.value);
  const names = new Map(methods.map((method) => [method.name, method]));
  const over = rows.every(({ final }) => final);
  const head = groupHead(groups, [element("th", { scope: "col" }, "Method")], [element("th", { scope: "col", class: "words" }, "Verdict")], metricHead);
  return element("table", { class: "scores" },
    element("caption", { class: over ? "hidden" : "muted" }, over ? "Scores of all methods, the best first" : "So far, from coarse curves: scores and verdicts may still change."),
    head, element("tbody", {}, ...rows.map((row) => scoreRow(row, names.get(row.method), groups, extra.get(row.method)))));
}

const scoreRow = (score, method, groups, extra) => element("tr", { "data-method": score.method, class: score.final ? undefined : "muted" },
  nameCell(method, score.method),
  ...groups.flatMap(({ metrics }) => metrics.map((metric, place) => {
    const cell = scoreCell(metric, score, extra);
    cell.classList.toggle("first", place === 0);
    return cell;
  })),
  element("td", { class: "words" }, score.sentence));

function scoreCell(metric, score, extra) {
  if (metric.name === "fidelity") return element("td", {}, scored(score), element("span", { class: "sign", "aria-hidden": "true" }, verdictSign(score)));
  if (metric.name === "artifact_share") return element("td", {}, score.artifact_share > 1 ? "> 100 %" : written(metric, score.artifact_share));
  if (metric.name in score) return element("td", {}, written(metric, score[metric.name]));
  if (!extra) return element("td", { class: "muted" }, "…");
  const value = extra[metric.name];
  return element("td", { title: value === null || value === undefined ? "Can't be told here." : undefined }, written(metric, value));
}

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
