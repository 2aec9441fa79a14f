// Which methods a score can tell apart: mean ranks over pictures, and brackets around those that it can't.

const ROW = 24;
const AXIS = { left: 190, right: 90, top: 26 };

function makeRanking() {
  const state = { metric: null, seen: 0 };
  const picker = element("span");
  const drawing = element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Mean ranks" });
  const said = element("p", { class: "muted small", role: "status" });
  const pairs = element("details", { hidden: true });
  const place = element("section", { class: "ranked", hidden: true }, element("h3", {}, "Ranking by one score"), element("p", { class: "field" }, element("span", { class: "muted", "aria-hidden": "true" }, "Score"), picker), drawing, said, pairs);

  function begin(data) {
    const metrics = data.groups.flatMap((group) => group.metrics).filter(({ direction }) => direction !== "none");
    state.data = data;
    state.labels = new Map(data.methods.map(({ name, label }) => [name, label]));
    if (!metrics.some(({ name }) => name === state.metric)) state.metric = metrics[0]?.name;
    picker.replaceChildren(selection("Score to rank by", metrics.map(({ name, symbol }) => [name, symbol]), state.metric, (metric) => { state.metric = metric; ask(); }));
    drawing.replaceChildren();
    pairs.hidden = true;
    said.textContent = "";
    place.hidden = true;
  }

  // While pictures still come, the last ones wait for their turn.
  function renew(summary) {
    state.metrics = new Set(summary.rows.map(({ metric }) => metric));
    place.hidden = !state.metrics.has(state.metric);
    clearTimeout(state.waiting);
    state.waiting = setTimeout(ask, Math.max(0, 1000 - (performance.now() - state.seen)));
  }

  async function ask() {
    state.seen = performance.now();
    const { metric, data } = state;
    if (!metric || !data) return;
    const answer = await fetch(`/api/jobs/${data.run}/ranking?metric=${metric}`).catch(() => null);
    if (!answer || state.metric !== metric || state.data !== data) return;
    const told = await answer.json();
    if (answer.ok) show(told);
    else {
      drawing.replaceChildren();
      pairs.hidden = true;
      said.textContent = told.error;
    }
  }

  function show({ ranks, groups, pairs: found, n, enough, friedman }) {
    const label = (method) => state.labels.get(method) ?? method;
    drawing.replaceChildren(diagram(ranks, groups, label));
    const differ = found.filter(({ adjusted }) => adjusted < 0.05).length;
    const even = friedman === null ? "" : friedman < 0.05 ? " The methods are not all alike (Friedman's test)." : " All methods may be alike (Friedman's test).";
    said.textContent = `Mean rank over ${counted(n, "picture")} that have every score; 1 is the best. A bracket joins methods that can't be told apart: Wilcoxon's test, corrected for ${counted(found.length, "pair")} after Holm. ${n < enough ? `So few pictures can't tell any of so many pairs apart; it takes at least ${enough}.` : `${differ} of them differ.`}${even}`;
    pairs.hidden = false;
    pairs.replaceChildren(element("summary", {}, "Every pair"), element("table", {}, element("caption", { class: "hidden" }, "Pairs of methods"),
      element("thead", {}, element("tr", {}, ...["Better rank", "Beside", "Mean difference", "p, after Holm", "n"].map((words, at) => element("th", { scope: "col", class: at === 1 ? "words" : undefined }, words)))),
      element("tbody", {}, ...found.map((pair) => element("tr", { class: pair.adjusted < 0.05 ? undefined : "muted" },
        element("th", { scope: "row" }, label(pair.first)), element("td", { class: "words" }, label(pair.second)), element("td", {}, fixed(pair.difference)), element("td", {}, pair.adjusted < 0.001 ? "< 0.001" : pair.adjusted.toFixed(3)), element("td", {}, pair.n))))));
  }

  return { place, begin, renew, stop: () => clearTimeout(state.waiting) };
}

// A row a method, the best on top, its mean rank on the axis; at the right the brackets.
function diagram(ranks, groups, label) {
  const width = 620, height = AXIS.top + ROW * ranks.length + 6;
  const x = (rank) => AXIS.left + ((rank - 1) / Math.max(1, ranks.length - 1)) * (width - AXIS.left - AXIS.right);
  const y = (place) => AXIS.top + ROW * (place + 0.5);
  const place = new Map(ranks.map(({ method }, at) => [method, at]));
  const words = ranks.map(({ method, rank }, at) => `${at + 1}. ${label(method)}, mean rank ${rank.toFixed(1)}`).join("; ");
  const together = groups.map((group) => group.map(label).join(", ")).join("; ");
  return drawn("svg", { class: "diagram", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${words}.${together ? ` Not to be told apart: ${together}.` : ""}` },
    ...Array.from({ length: ranks.length }, (_, at) => at + 1).map((rank) => drawn("text", { class: "tick", x: x(rank), y: 12, "text-anchor": "middle" }, rank)),
    ...ranks.flatMap(({ method, rank }, at) => [
      drawn("text", { class: "tick name", x: AXIS.left - 14, y: y(at) + 4, "text-anchor": "end" }, label(method)),
      drawn("line", { class: "rule", x1: x(1), x2: x(rank), y1: y(at), y2: y(at) }),
      drawn("circle", { class: "point", cx: x(rank), cy: y(at), r: 4.5 }),
      drawn("text", { class: "tick", x: x(rank) + 10, y: y(at) + 4 }, rank.toFixed(1)),
    ]),
    ...groups.map((group, at) => drawn("line", { class: "bracket", x1: width - AXIS.right + 50 + 9 * (at % 5), x2: width - AXIS.right + 50 + 9 * (at % 5), y1: y(place.get(group[0])) - 7, y2: y(place.get(group.at(-1))) + 7 })));
}
