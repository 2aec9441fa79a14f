// The verdict, and what it is of: heatmaps of a network randomised stage by stage, a row a method, a column a stage.

import { element, field, plainButton, say, selection } from "../../../components/kit/dom.js";
import { component } from "../../../components/kit/frame.js";
import { counted } from "../../../components/kit/numbers.js";
import { ended } from "../../../components/kit/stream.js";
import { colourChoice } from "../../../components/kit/view_bar.js";
import { disagreement } from "../../disagreement.js";
import { SIMILARITIES, similarityNames } from "../../similarities.js";
import { TAKE_STAGES, makeStaged } from "../../stages.js";
import { CUT_SHORT } from "../../standings.js";
import { makeStandingsHead } from "../../standings_head.js";
import { makeStagedPair } from "./compare.js";
import { longestPiece, makeStagedGrid, stagedCellWords } from "./grid.js";

const MOST_LETTERS = 12; // that a column is made wide for
const POINTING = "Rows: methods; columns: stages. Point at a map, or use the arrow keys, to read which layers are random; press it to enlarge it.";
const BEFORE_STAGES = { queued: "The run waits for its turn.", running: "The layers are being grouped." };
const RANDOMISATION = { passed: "randomisation", failed: "randomisation" };
const WAITING = "Order: the fully randomised network, the middle, then the other stages.";

export default component({
  mount(state) {
    Object.assign(state, { staged: makeStaged(), similarity: state.data.judged, cell: null, all: false });
    state.pair = makeStagedPair();
    state.grid = makeStagedGrid((cell) => state.pair.open(cell, state.grid), (cell) => pointAt(state, cell));
    state.head = makeStandingsHead();
    state.below = element("p", { class: "below" });
    return [state.head.place, mapsBar(state), state.grid.place, state.below, state.pair.dialog];
  },

  begin(state) {
    state.staged.clear();
    state.pair.close();
    state.grid.begin(state.data.methods, state.staged, state.data.crop);
    showControls(state);
    state.cell = null;
  },

  take: TAKE_STAGES,

  render(state) {
    const { staged, data, grid, job } = state, { stages } = staged;
    state.root.dataset.state = !stages.length ? "waiting" : ended(job) ? "ended" : "started";
    state.root.style.setProperty("--columns", stages.length + 1);
    state.root.style.setProperty("--letters", Math.min(MOST_LETTERS, longestPiece(stages)));
    grid.show(data.run, state.similarity, `Heatmaps by method and stage; below each its ${SIMILARITIES[state.similarity][0]} with the trained network's`, ended(job));
    state.head.show(data, staged.verdicts, job, {
      waiting: !ended(job) ? WAITING : staged.points.size && job.state === "done" ? "Only controls ran." : CUT_SHORT,
      basis: staged.draws && staged.verdicts.size ? `${counted(staged.draws, "draw")} of random weights` : "",
      apart: data.other ? disagreement(data.methods, { ...RANDOMISATION, standings: standingsOf(staged) }, data.other) : "",
    });
    sayBelow(state);
  },
});

const mapsBar = (state) => element("div", { class: "bar", role: "group", "aria-label": "How the maps are shown" },
  field("Below each map", selection("Number below each map", similarityNames, state.similarity, (name) => { state.similarity = name; state.redraw(); })),
  colourChoice(() => state.grid.repaint()),
  plainButton("All controls", ({ target }) => { state.all = !state.all; target.setAttribute("aria-pressed", String(state.all)); showControls(state); }, { "aria-pressed": "false" }),
  element("span", { class: "muted small" }, "Each map is scaled to its own 99th percentile."));

// Those that more draws can no longer change.
const standingsOf = ({ verdicts }) => Object.fromEntries([...verdicts].filter(([, { final }]) => final).map(([method, { standing }]) => [method, standing]));

const showControls = ({ grid, data, all }) => grid.showOnly(({ name, control }) => all || !control || data.beside.includes(name));

function pointAt(state, cell) {
  state.cell = cell;
  sayBelow(state);
}

function sayBelow({ cell, staged, below, job }) {
  say(below, cell ? `${stagedCellWords(cell, staged)}.` : staged.stages.length ? POINTING : ended(job) ? "The run ended before the first map." : BEFORE_STAGES[job?.state] ?? "");
}
