// On paper nothing scrolls: a table that is wider than a page stands there in parts, each with the columns that name its rows.

const PAPER = 700; // CSS pixels between the margins of A4
const LETTERS = 9.5; // of the root on paper, as opened.css has it

export function splitWideTables(tables) {
  const back = [];
  addEventListener("beforeprint", () => back.push(...tables().filter((table) => table.checkVisibility()).flatMap(split)));
  addEventListener("afterprint", () => { for (const putBack of back.splice(0)) putBack(); });
}

function split(table) {
  const spans = spansOf(table), first = firstColumns(table), widths = narrowest(table);
  const parts = columnsBySheet(widths, first);
  if (parts.length < 2) return [];
  const made = parts.map((columns) => withColumns(table, spans, new Set([...Array(first).keys(), ...columns])));
  table.after(...made);
  table.style.display = "none";
  return [() => {
    for (const each of made) each.remove();
    table.style.display = "";
  }];
}

// The columns from one to another that each cell stands in.
function spansOf(table) {
  const taken = [], spans = new Map();
  [...table.rows].forEach((row, down) => {
    let from = 0;
    for (const cell of row.cells) {
      while (taken[down]?.[from]) from++;
      const to = from + cell.colSpan;
      spans.set(cell, { from, to });
      for (let below = 0; below < cell.rowSpan; below++) for (let at = from; at < to; at++) (taken[down + below] ??= [])[at] = true;
      from = to;
    }
  });
  return spans;
}

// How many columns stand before all groups; where there are none, the names alone.
function firstColumns({ tHead: { rows } }) {
  const grouped = [...rows[0].cells].findIndex(({ rowSpan }) => rowSpan === 1);
  return rows.length > 1 ? Math.max(1, grouped) : 1;
}

// The width that each column needs on paper, where all is smaller than on the screen.
function narrowest(table) {
  const smaller = LETTERS / parseFloat(getComputedStyle(document.documentElement).fontSize);
  table.style.width = "0";
  const widths = [...table.tBodies[0].rows[0].cells].map((cell) => smaller * cell.getBoundingClientRect().width);
  table.style.width = "";
  return widths;
}

// As many columns as a page holds beside the first ones, then as many again.
function columnsBySheet(widths, first) {
  const sum = (columns) => columns.reduce((total, at) => total + widths[at], 0);
  const names = sum([...Array(first).keys()]), parts = [[]];
  for (let at = first; at < widths.length; at++) {
    if (parts.at(-1).length && names + sum(parts.at(-1)) + widths[at] > PAPER) parts.push([]);
    parts.at(-1).push(at);
  }
  return parts;
}

function withColumns(table, spans, columns) {
  const part = table.cloneNode(true), copies = [...part.querySelectorAll("th, td")];
  [...table.querySelectorAll("th, td")].forEach((cell, at) => {
    const { from, to } = spans.get(cell), kept = [...columns].filter((column) => column >= from && column < to).length;
    if (!kept) copies[at].remove();
    else if (kept < cell.colSpan) Object.assign(copies[at], { colSpan: kept }).style.whiteSpace = "normal";
  });
  part.style.marginBottom = "1.5rem";
  return part;
}
