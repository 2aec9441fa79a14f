// Tables of methods and scores: columns in groups that stand apart, and what each score means.

// A head of two rows; `before` and `after` are cells that belong to no group, `cell` makes the head of a score.
function groupHead(groups, before, after, cell) {
  const tall = (head) => { head.setAttribute("rowspan", 2); return head; };
  return element("thead", {},
    element("tr", {}, ...before.map(tall),
      ...groups.map(({ title, metrics }) => element("th", { scope: "colgroup", colspan: metrics.length, class: "group" }, title)), ...after.map(tall)),
    element("tr", {}, ...groups.flatMap(({ metrics }) => metrics.map((metric, place) => {
      const head = cell(metric);
      head.classList.toggle("first", place === 0);
      return head;
    }))));
}

const meaning = ({ summary, better, random }) => `${summary} ${capital(better)}. A random map: ${random}.`;
const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

const metricHead = (metric) => element("th", { scope: "col", title: meaning(metric) }, [metric.symbol, metric.arrow].filter(Boolean).join(" "));

// All scores of a table in words, with their papers.
const glossary = (groups) => element("details", {}, element("summary", {}, "What the scores mean"),
  element("dl", { class: "glossary" }, ...groups.flatMap(({ title, metrics }) => [element("dt", { class: "group" }, title),
    ...metrics.map((metric) => element("dd", {}, element("strong", {}, [metric.symbol, metric.arrow].filter(Boolean).join(" ")), ` ${meaning(metric)} `, element("span", { class: "muted" }, metric.paper)))])));

const written = (metric, value) => (value === null || value === undefined ? "–" : metric.percent ? percent(value) : fixed(value));

const nameCell = (method, name) => element("th", { scope: "row" }, method?.label ?? name, method?.control ? element("span", { class: "tag" }, "control") : null);
