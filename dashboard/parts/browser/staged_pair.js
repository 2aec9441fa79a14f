// A randomised network's map large, beside that of the trained one; from stage to stage without closing.

function makeStagedPair() {
  const step = (by, words) => element("button", { type: "button", class: "plain", onclick: () => go(by) }, words);
  const earlier = step(-1, "Earlier stage"), later = step(1, "Later stage");
  const shown = { cell: null, grid: null };
  const pair = makePair([earlier, later], () => {
    shown.cell?.button.focus();
    shown.cell = null;
  });

  function open(cell, grid) {
    Object.assign(shown, { cell, grid });
    fill();
    pair.dialog.showModal();
  }

  function neighbour(by) {
    const { cell, grid } = shown;
    for (let stage = (cell.stage?.number ?? 0) + by; stage >= 1 && stage <= grid.staged.stages.length; stage += by) {
      if (cell.row.cells.get(stage).map) return cell.row.cells.get(stage);
    }
    return undefined;
  }

  function go(by) {
    shown.cell = neighbour(by) ?? shown.cell;
    fill();
  }

  function fill() {
    const { cell } = shown, trained = cell.row.cells.get(0);
    earlier.disabled = !neighbour(-1);
    later.disabled = !neighbour(1);
    pair.fill(cell.row.method.label, [trained, ...(cell === trained ? [] : [cell])].map(portrait));
  }

  function portrait(cell) {
    const { staged, crop, run } = shown.grid, words = cellWords(cell, staged);
    const stage = makeStage(crop, () => {}, `Read the values with the arrow keys: ${words}`);
    stage.canvas.setAttribute("aria-label", words);
    if (cell.map) showLarge(stage, cell.message, run);
    else stage.refuse(cell.reason || "There is no map yet.");
    const told = cell.stage ? `${similarWords(cell.row.method.name, cell.stage.number, staged)}.` : cell.row.method.summary;
    return portraitOf(stage, cell.stage ? stageWords(cell.stage, staged.mode) : "The trained network", element("p", {}, told),
      element("p", { class: "muted" }, (cell.message?.notes ?? []).join(" ")));
  }

  async function showLarge(stage, message, run) {
    const values = await mapOf(run, message.sequence);
    if (!values || !stage.place.isConnected) return;
    const map = measured(values, message.width);
    stage.show(map, { ...view, ...AS_IT_IS }, reach(map, AS_IT_IS.range));
  }

  return { dialog: pair.dialog, open, close: pair.close };
}
