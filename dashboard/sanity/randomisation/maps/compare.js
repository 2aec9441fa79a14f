// A randomised network's map large, beside that of the trained one; from stage to stage without closing.

import { makePair, portraitOf } from "../../../components/kit/compare_dialog.js";
import { element, plainButton } from "../../../components/kit/dom.js";
import { measured } from "../../../components/kit/heatmap.js";
import { makeStage } from "../../../components/kit/map_view.js";
import { mapOf } from "../../../components/kit/stream.js";
import { stageWords } from "../../stages.js";
import { similarToTrained, stagedCellWords } from "./grid.js";

export function makeStagedPair() {
  const earlier = plainButton("Earlier stage", () => go(-1)), later = plainButton("Later stage", () => go(1));
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
    const { staged, crop, run } = shown.grid, words = stagedCellWords(cell, staged);
    const stage = makeStage(crop, () => {}, `Read the values with the arrow keys: ${words}`);
    stage.canvas.setAttribute("aria-label", words);
    if (cell.map) showLarge(stage, cell.message, run);
    else stage.refuse(cell.reason || "There is no map yet.");
    const caption = cell.stage ? `${similarToTrained(cell.row.method.name, cell.stage.number, staged)}.` : cell.row.method.summary;
    return portraitOf(stage, cell.stage ? stageWords(cell.stage, staged.mode) : "The trained network", element("p", {}, caption),
      element("p", { class: "muted" }, (cell.message?.heatmap?.notes ?? []).join(" ")));
  }

  async function showLarge(stage, message, run) {
    const values = await mapOf(run, message.sequence);
    if (!values || !stage.place.isConnected) return;
    stage.showAsItIs(measured(values, message.heatmap.width));
  }

  return { dialog: pair.dialog, open, close: pair.close };
}
