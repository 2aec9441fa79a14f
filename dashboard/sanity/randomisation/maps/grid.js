// Maps of a network that is randomised stage by stage: a row a method, a column a stage, before them the trained network's own map.
// One cell is reached by the tab key, the others from there by the arrows.

import { element, say } from "../../../components/kit/dom.js";
import { measured } from "../../../components/kit/heatmap.js";
import { paintAsItIs } from "../../../components/kit/map_view.js";
import { fixed } from "../../../components/kit/numbers.js";
import { mapOf } from "../../../components/kit/stream.js";
import { head, table } from "../../../components/kit/table.js";
import { SIMILARITIES, similarityWords } from "../../similarities.js";
import { shareWords, stageWords } from "../../stages.js";
import { showStanding } from "../../standings.js";

const SMALL = 75;

export function makeStagedGrid(enlarge, point) {
  const place = element("div", { class: "wide" });
  const grid = { place, rows: new Map() };

  grid.begin = (methods, staged, crop) => {
    grid.rows = new Map(methods.map((method) => [method.name, makeRow(method)]));
    Object.assign(grid, { staged, crop, run: null, drawnFor: null, at: null });
    place.replaceChildren();
  };

  function makeRow(method) {
    const standing = element("span", { class: "standing" });
    const name = element("th", { scope: "row", role: "rowheader" }, element("span", { class: "label" }, method.label), method.control ? element("span", { class: "tag" }, "control") : null, standing);
    return { method, standing, name, cells: new Map() };
  }

  // The columns are known only when the stages are.
  function layOut(label) {
    const { stages, mode } = grid.staged;
    grid.drawnFor = stages;
    const rows = [...grid.rows.values()];
    for (const row of rows) for (const stage of [null, ...stages]) row.cells.set(stage?.number ?? 0, makeCell(row, stage));
    const named = (layer, below, attributes) => head(element("span", { class: "layer" }, ...layer), { role: "columnheader", ...attributes }, element("span", { class: "muted" }, below));
    place.replaceChildren(table({
      kind: "maps", attributes: { role: "grid", "aria-label": label, onkeydown: move },
      heads: [head("Method", { role: "columnheader" }), named(["trained"], "as it is", { class: "trained" }),
        ...stages.map((stage) => named(piecesOf(stage.title).flatMap((piece) => [piece, element("wbr")]), stage.share < 1 ? `${shareWords(stage.share)} random` : "fully randomised", { title: stageWords(stage, mode) }))],
      rows: rows.map(({ method, name, cells }) => [{ "data-method": method.name }, name, ...[...cells.values()].map((cell) => cell.place)]),
    }));
    hideRows();
    setReached(rows[0]?.cells.get(0));
  }

  // Of the methods those that `wanted` says; the figures are of all.
  grid.showOnly = (wanted) => {
    for (const row of grid.rows.values()) row.hidden = !wanted(row.method);
    hideRows();
  };

  function hideRows() {
    for (const { name, hidden } of grid.rows.values()) if (name.parentElement) name.parentElement.hidden = hidden;
  }

  function makeCell(row, stage) {
    const canvas = element("canvas", { hidden: true });
    const cell = { row, stage, canvas, message: null, map: null, state: "waiting" };
    cell.value = element("span", { class: "value" });
    cell.button = element("button", { type: "button", tabindex: -1, onclick: () => cell.map && enlarge(cell), onfocus: () => { setReached(cell); point(cell); }, onpointerenter: () => point(cell), onpointerleave: () => point(null), onblur: () => point(null) }, canvas);
    cell.place = element("td", { role: "gridcell", class: stage ? undefined : "trained", "data-state": "waiting", "data-stage": stage?.number ?? 0 }, cell.button, cell.value);
    return cell;
  }

  function setReached(cell) {
    if (grid.at) grid.at.button.tabIndex = -1;
    grid.at = cell;
    if (cell) cell.button.tabIndex = 0;
  }

  function move(event) {
    const rows = [...grid.rows.values()].filter(({ hidden }) => !hidden), columns = grid.staged.stages.length;
    const row = rows.indexOf(grid.at.row), column = grid.at.stage?.number ?? 0;
    const [toRow, toColumn] = { ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], Home: [row, 0], End: [row, columns] }[event.key] ?? [];
    const cell = rows[toRow]?.cells.get(toColumn);
    if (!cell) return;
    event.preventDefault();
    cell.button.focus();
  }

  grid.show = (run, similarity, label, over) => {
    const { staged } = grid;
    Object.assign(grid, { run, similarity });
    if (staged.stages.length && grid.drawnFor !== staged.stages) layOut(label);
    for (const row of grid.rows.values()) {
      const { name } = row.method, verdict = staged.verdicts.get(name), refused = staged.refused.get(name);
      if (verdict && row.verdict !== verdict) showStanding(row.standing, row.verdict = verdict, row.method.control);
      else if (refused) say(row.standing, "does not apply");
      row.standing.title = refused ?? verdict?.sentence ?? "";
      for (const cell of row.cells.values()) showCell(cell, over, refused);
    }
  };

  function showCell(cell, over, refused) {
    const { staged } = grid, { name } = cell.row.method;
    const message = cell.stage ? staged.shown(name, cell.stage.number) : staged.trained.get(name);
    const similar = cell.stage && staged.similarity(name, cell.stage.number, grid.similarity);
    const value = similar ? fixed(similar.value) : message && cell.stage ? "–" : "\u00a0";
    say(cell.value, value);
    if (message && cell.message !== message) fetchMap(cell, message);
    cell.reason = message ? message.reason : refused ?? (over ? "No map: the run ended before." : "");
    const state = cell.reason ? "none" : message ? "ready" : "waiting";
    if (cell.state !== state) cell.place.dataset.state = cell.state = state;
    const words = stagedCellWords(cell, staged);
    if (cell.button.getAttribute("aria-label") !== words) cell.button.setAttribute("aria-label", words);
  }

  async function fetchMap(cell, message) {
    const { run } = grid;
    cell.message = message;
    if (!message.heatmap) return;
    const { width, height } = message.heatmap;
    const values = await mapOf(run, message.sequence, "/small");
    if (!values || grid.run !== run || cell.message !== message) return;
    cell.map = measured(values, Math.ceil(width / Math.ceil(Math.max(width, height) / SMALL)));
    paintCell(cell);
  }

  function paintCell(cell) {
    cell.canvas.hidden = false;
    cell.canvas.classList.toggle("pixels", cell.message.heatmap.width < SMALL);
    cell.canvas.style.aspectRatio = `${cell.map.width} / ${cell.map.height}`;
    paintAsItIs(cell.canvas, cell.map);
    cell.place.dataset.painted = "true";
  }

  grid.repaint = () => { for (const row of grid.rows.values()) for (const cell of row.cells.values()) if (cell.map) paintCell(cell); };
  return grid;
}

// A layer's name breaks at dots, underscores and around "to", never inside a word.
const piecesOf = (title) => title.split(/(?<=[._])/);
export const longestPiece = (stages) => Math.max(0, ...stages.flatMap(({ title }) => piecesOf(title).flatMap((piece) => piece.split(" "))).map(({ length }) => length));

// What a cell shows, for those who do not see it and for the line below the grid.
export function stagedCellWords(cell, staged) {
  const { label, name } = cell.row.method;
  if (!cell.stage) return `${label}, the trained network's map${cell.reason ? `: ${cell.reason}` : cell.message ? "" : ", to come"}`;
  const what = `${label}, ${stageWords(cell.stage, staged.mode)}`;
  if (cell.reason) return `${what}: ${cell.reason}`;
  return `${what}: ${cell.message ? similarToTrained(name, cell.stage.number, staged) : "to come"}`;
}

export function similarToTrained(method, stage, staged) {
  const found = (name) => staged.similarity(method, stage, name);
  const draws = Math.max(...Object.keys(SIMILARITIES).map((name) => found(name)?.n ?? 0));
  const numbers = similarityWords((name) => found(name)?.value);
  return draws > 1 ? `${numbers} (mean of ${draws} draws of random weights)` : numbers;
}
