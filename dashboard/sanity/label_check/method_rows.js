// A row a method: its map of one picture by each network, and how similar the others' maps are to the first one's.

import { intervalBar } from "../../components/kit/chart.js";
import { element } from "../../components/kit/dom.js";
import { between, counted, fixed } from "../../components/kit/numbers.js";
import { head, methodCell, table } from "../../components/kit/table.js";
import { showStanding } from "../standings.js";

export function makeLabelRow(method, roles, enlarge) {
  const row = { method, standing: element("span", { class: "standing" }), name: methodCell(method, method.name) };
  row.name.append(row.standing);
  row.cells = roles.map((role) => {
    const canvas = element("canvas", { hidden: true });
    const cell = { row, role, canvas, message: null, map: null, value: element("span", { class: "value" }, "\u00a0") };
    cell.button = element("button", { type: "button", disabled: true, onclick: () => enlarge(cell) }, canvas);
    cell.place = element("td", { class: "map", "data-role": role }, cell.button, cell.value);
    return cell;
  });
  row.retrained = element("td", { class: "similar" });
  row.shuffled = element("td", { class: "similar" });
  return row;
}

export const labelTable = (rows, roles) => table({
  kind: "checked", caption: "Maps of the chosen picture by each network, and mean similarities over all pictures",
  heads: ["Method", ...roles.map((words) => head(words, { class: "map" })),
    ...["Retrained, all pictures", "Shuffled labels, all pictures"].map((words) => head(words, { class: "similar" }))],
  rows: rows.map(({ method, name, cells, retrained, shuffled }) => [{ "data-method": method.name }, name, ...cells.map(({ place }) => place), retrained, shuffled]),
});

export function emptyCell(cell) {
  Object.assign(cell, { message: null, map: null });
  cell.canvas.hidden = cell.button.disabled = true;
}

export function showLabelRow(row, verdict, reason, { similarity, data, extent }) {
  const place = row.name.parentElement;
  place.dataset.state = reason && !verdict ? "refused" : verdict ? "judged" : "waiting";
  place.dataset.standing = verdict?.standing ?? "";
  row.standing.title = [verdict?.sentence, reason].filter(Boolean).join(" ");
  if (!verdict) {
    row.standing.replaceChildren(reason ? "does not apply" : "");
    delete row.standing.dataset.standing;
    return;
  }
  showStanding(row.standing, verdict, row.method.control);
  const retrained = verdict.retrained[similarity];
  const half = retrained.mean === null || similarity !== data.judged ? null : data.half * retrained.mean;
  row.retrained.replaceChildren(...similarityOf(retrained, { ...extent, random: null }));
  row.shuffled.replaceChildren(...similarityOf(verdict.shuffled[similarity], { ...extent, random: half }));
}

function similarityOf(estimate, extent) {
  const { mean, low, high, n } = estimate;
  if (mean === null) return [element("span", { class: "muted" }, "undefined")];
  return [element("span", { class: "mean", title: counted(n, "picture") }, fixed(mean)), intervalBar(estimate, extent), element("span", { class: "interval muted" }, low === null ? "one picture" : between(low, high))];
}
