// Every table: a caption, heads that may stand in groups or sort, rows of cells.

import { element } from "./dom.js";

// `heads` are words, cells made by `head`, or groups { title, heads }; `rows` are [attributes, ...cells], where words
// and numbers become cells, the first of them a head. What begins a group stands apart from what is before it.
export function table({ kind, attributes, caption, captionKind = "hidden", heads, rows, foot = [] }) {
  const begins = heads.flatMap((each) => (each.heads ? each.heads.map((_, at) => at === 0) : [false]));
  const rowOf = ([attributes, ...cells]) => element("tr", attributes, ...cells.map((each, at) => {
    const made = each instanceof HTMLTableCellElement ? each : at ? cell(each) : element("th", { scope: "row" }, each);
    if (begins[at]) made.classList.add("first");
    return made;
  }));
  return element("table", { class: kind, ...attributes }, caption === undefined ? null : element("caption", { class: captionKind || undefined }, caption),
    element("thead", {}, ...headRows(heads)),
    element("tbody", {}, ...rows.map(rowOf)),
    foot.length ? element("tfoot", {}, ...foot.map(rowOf)) : null);
}

function headRows(heads) {
  const groups = heads.filter((each) => each.heads);
  if (!groups.length) return [element("tr", {}, ...heads.map(asHead))];
  const upper = heads.map((each) => (each.heads ? head(each.title, { scope: "colgroup", colspan: each.heads.length, class: "group" }) : tall(asHead(each))));
  return [element("tr", {}, ...upper), element("tr", {}, ...groups.flatMap(({ heads: inner }) => inner.map((each, at) => {
    const made = asHead(each);
    if (at === 0) made.classList.add("first");
    return made;
  })))];
}

const asHead = (each) => (each instanceof HTMLTableCellElement ? each : head(each));

function tall(made) {
  made.setAttribute("rowspan", 2);
  return made;
}

export const head = (words, attributes, ...more) => element("th", { scope: "col", ...attributes }, words, ...more);

// `turned` is how the column is sorted now, if it is the one.
export const sortHead = (words, turned, turn, { name, ...attributes }, ...more) => head(
  element("button", { type: "button", class: "sort", "data-metric": name, onclick: turn }, words, element("span", { class: "turned", "aria-hidden": "true" }, { descending: "▾", ascending: "▴" }[turned] ?? "")),
  { "aria-sort": turned, ...attributes }, ...more);

export const cell = (content, attributes) => element("td", attributes, ...[content].flat());

export const wordsCell = (words) => cell(words, { class: "words" });

export const methodLabel = (methods, name) => methods.find((method) => method.name === name)?.label ?? name;

export const methodCell = (method, name) => element("th", { scope: "row" }, method?.label ?? name, method?.control ? element("span", { class: "tag" }, "control") : null);
