// Maps of ever more random networks: a row a method, a column a stage, and the trained network's own map before them.
// One cell is reached by the tab key, the others from there by the arrows.

const SMALL = 75;
const AS_IT_IS = { sign: "both", share: 1, range: "clipped", scale: "own" };

function makeStagedGrid(enlarge, tell) {
  const place = element("div", { class: "wide" });
  const grid = { place, rows: new Map() };

  grid.begin = (methods, staged, crop) => {
    grid.rows = new Map(methods.map((method) => [method.name, makeRow(method)]));
    Object.assign(grid, { staged, crop, run: null, drawnFor: null, at: null });
    place.replaceChildren();
  };

  function makeRow(method) {
    const standing = element("span", { class: "standing muted" });
    const name = element("th", { scope: "row", role: "rowheader" }, element("span", { class: "label" }, method.label), method.control ? element("span", { class: "tag" }, "control") : null, standing);
    return { method, standing, name, cells: new Map(), place: element("tr", { "data-method": method.name }, name) };
  }

  // The columns are known only when the stages are.
  function layOut(label) {
    const { stages, mode } = grid.staged;
    grid.drawnFor = stages;
    for (const row of grid.rows.values()) {
      for (const stage of [null, ...stages]) {
        const cell = makeCell(row, stage);
        row.cells.set(stage?.number ?? 0, cell);
        row.place.append(cell.place);
      }
    }
    const heads = stages.map((stage) => element("th", { scope: "col", role: "columnheader", title: stageWords(stage, mode) }, element("span", { class: "layer" }, ...piecesOf(stage.title).flatMap((piece) => [piece, element("wbr")])), element("span", { class: "muted" }, stage.share < 1 ? `${shareWords(stage.share)} random` : "all random")));
    place.replaceChildren(element("table", { class: "maps", role: "grid", "aria-label": label, onkeydown: move },
      element("thead", {}, element("tr", { role: "row" }, element("th", { scope: "col", role: "columnheader" }, "Method"), element("th", { scope: "col", role: "columnheader", class: "trained" }, element("span", { class: "layer" }, "trained"), element("span", { class: "muted" }, "as it is")), ...heads)),
      element("tbody", {}, ...[...grid.rows.values()].map((row) => row.place))));
    setReached([...grid.rows.values()][0]?.cells.get(0));
  }

  function makeCell(row, stage) {
    const canvas = element("canvas", { hidden: true });
    const cell = { row, stage, canvas, message: null, map: null, state: "waiting" };
    cell.value = element("span", { class: "value" });
    cell.button = element("button", { type: "button", tabindex: -1, onclick: () => cell.map && enlarge(cell), onfocus: () => { setReached(cell); tell(cell); }, onpointerenter: () => tell(cell), onpointerleave: () => tell(null), onblur: () => tell(null) }, canvas);
    cell.place = element("td", { role: "gridcell", class: stage ? undefined : "trained", "data-state": "waiting", "data-stage": stage?.number ?? 0 }, cell.button, cell.value);
    return cell;
  }

  function setReached(cell) {
    if (grid.at) grid.at.button.tabIndex = -1;
    grid.at = cell;
    if (cell) cell.button.tabIndex = 0;
  }

  function move(event) {
    const rows = [...grid.rows.values()], columns = grid.staged.stages.length;
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
      const words = refused ? "does not apply" : verdict ? standingWords(verdict) : "";
      if (row.standing.textContent !== words) row.standing.textContent = words;
      row.standing.dataset.standing = verdict?.standing ?? "";
      row.standing.title = refused ?? verdict?.sentence ?? "";
      for (const cell of row.cells.values()) showCell(cell, over, refused);
    }
  };

  function showCell(cell, over, refused) {
    const { staged } = grid, { name } = cell.row.method;
    const message = cell.stage ? staged.shown(name, cell.stage.number) : staged.trained.get(name);
    const similar = cell.stage && staged.similarity(name, cell.stage.number, grid.similarity);
    const value = similar ? fixed(similar.value) : message && cell.stage ? "–" : "\u00a0";
    if (cell.value.textContent !== value) cell.value.textContent = value;
    if (message && cell.message !== message) fetchMap(cell, message);
    cell.reason = message ? message.reason : refused ?? (over ? "There is no map: the run ended before." : "");
    const state = cell.reason ? "none" : message ? "ready" : "waiting";
    if (cell.state !== state) cell.place.dataset.state = cell.state = state;
    const words = cellWords(cell, staged);
    if (cell.button.getAttribute("aria-label") !== words) cell.button.setAttribute("aria-label", words);
  }

  async function fetchMap(cell, message) {
    const { run } = grid;
    cell.message = message;
    if (message.map === false) return;
    const values = await mapOf(run, message.sequence, "/small");
    if (!values || grid.run !== run || cell.message !== message) return;
    cell.map = measured(values, Math.ceil(message.width / Math.ceil(Math.max(message.width, message.height) / SMALL)));
    paintCell(cell);
  }

  function paintCell(cell) {
    cell.canvas.hidden = false;
    cell.canvas.classList.toggle("pixels", cell.message.width < SMALL);
    cell.canvas.style.aspectRatio = `${cell.map.width} / ${cell.map.height}`;
    paint(cell.canvas, cell.map, { ...view, ...AS_IT_IS }, reach(cell.map, AS_IT_IS.range));
    cell.place.dataset.painted = "true";
  }

  grid.repaint = () => { for (const row of grid.rows.values()) for (const cell of row.cells.values()) if (cell.map) paintCell(cell); };
  return grid;
}

// A layer's name breaks at dots, underscores and around "to", never inside a word.
const piecesOf = (title) => title.split(/(?<=[._])/);
const longestPiece = (stages) => Math.max(0, ...stages.flatMap(({ title }) => piecesOf(title).flatMap((piece) => piece.split(" "))).map(({ length }) => length));

// What a cell shows, for those who do not see it and for the line below the grid.
function cellWords(cell, staged) {
  const { label, name } = cell.row.method;
  if (!cell.stage) return `${label}, the trained network's map${cell.reason ? `: ${cell.reason}` : cell.message ? "" : ", to come"}`;
  const what = `${label}, ${stageWords(cell.stage, staged.mode)}`;
  if (cell.reason) return `${what}: ${cell.reason}`;
  return `${what}: ${cell.message ? similarWords(name, cell.stage.number, staged) : "to come"}`;
}

function similarWords(method, stage, staged) {
  const found = (name) => staged.similarity(method, stage, name);
  const draws = Math.max(...Object.keys(SIMILARITIES).map((name) => found(name)?.n ?? 0));
  const numbers = alikeWords((name) => found(name)?.value);
  return draws > 1 ? `${numbers} (mean of ${draws} draws of random weights)` : numbers;
}
