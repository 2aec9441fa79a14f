// Mask search in both forms beside RISE and occlusion: the verdict, quality against passes, and the maps as they grow.

import { makePair, portraitOf } from "../../components/kit/compare_dialog.js";
import { choice, earlierMark, element, field, markEarlier, say } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { coloursOf, makeNames } from "../../components/kit/line_legend.js";
import { makeStage } from "../../components/kit/map_view.js";
import { counted, fixed, soFar } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { view } from "../../components/kit/view_bar.js";
import { loadedMap, makeSearchCard, scaleOf } from "./search_card.js";
import { makeSearchCharts } from "./search_charts.js";
import { byStamp, lastJudged, searchVerdict } from "./search_verdict.js";

export default component({
  mount(state) {
    Object.assign(state, { shown: "map", quiet: new Set() });
    state.earlier = earlierMark();
    state.verdict = element("p", { class: "verdict", role: "status" });
    state.basis = element("p", { class: "muted small basis" });
    state.probing = element("p", { class: "muted small basis" });
    state.names = makeNames((name) => turnArm(state, name));
    state.charts = makeSearchCharts();
    state.stopPlace = element("span", {});
    state.cards = state.data.arms.map((arm) => makeSearchCard(arm, (card) => enlargeSearched(state, card)));
    state.pair = makePair([], () => state.opener?.focus());
    const kinds = choice("Show", [["map", "Maps"], ["doubt", "Doubt"]], "map", (shown) => { state.shown = shown; state.redraw(); });
    return [state.earlier, state.verdict, state.basis, state.probing, state.names.place, state.charts.place,
      element("div", { class: "bar" }, field("Maps after", state.stopPlace), kinds),
      element("div", { class: "arms" }, ...state.cards.map(({ place }) => place)), state.pair.dialog];
  },

  begin(state) {
    state.pair.close();
    Object.assign(state, { probe: null, reached: new Map(), judged: new Map(), chosenStop: null, offeredStops: "" });
  },

  take: {
    ProbabilityProbed: (state, message) => { state.probe = message; },
    MapReached: (state, message) => { searchedAt(state, message).map = message; },
    DoubtReached: (state, message) => { searchedAt(state, message).doubt = message; },
    MapJudged(state, message) {
      searchedAt(state, message).judged = message;
      state.judged.set(message.passes, (state.judged.get(message.passes) ?? new Map()).set(message.arm, message));
    },
  },

  render(state) {
    const { data, probe, reached, judged } = state;
    state.root.dataset.state = reached.size ? "started" : "waiting";
    markEarlier(state.earlier, data);
    say(state.verdict, verdictOfSearch(state));
    say(state.basis, basisOfSearch(state));
    say(state.probing, probe?.sentence ?? "");
    const colours = coloursOf(data.arms.map(({ name }) => name), state.root);
    for (const name of state.quiet) colours.delete(name);
    state.names.show(data.arms, colours);
    state.charts.show({ data, judged }, colours);
    offerStops(state);
    const stop = stopNow(state);
    for (const card of state.cards) card.show(data.run, `/api/jobs/${data.run}/crop`, reached.get(stop)?.get(card.name), state.shown, stop);
  },
});

function searchedAt({ reached }, { arm, passes }) {
  if (!reached.has(passes)) reached.set(passes, new Map());
  const arms = reached.get(passes);
  if (!arms.has(arm)) arms.set(arm, {});
  return arms.get(arm);
}

function turnArm(state, name) {
  if (!state.quiet.delete(name)) state.quiet.add(name);
  state.redraw();
}

function verdictOfSearch({ probe, judged, reached, job, data }) {
  if (probe?.hardly_moves || lastJudged(judged) !== null) {
    const words = searchVerdict(probe, judged, byStamp(judged, data.stamped), data.chance_below);
    return ended(job) || probe?.hardly_moves ? words : soFar(words);
  }
  if (ended(job)) return "No verdict: the run ended before the first maps were judged.";
  if (!probe) return "Whether the probability moves is being probed.";
  return reached.size ? "The first maps are being judged." : "The first maps are on their way.";
}

function basisOfSearch({ judged, data }) {
  const stop = lastJudged(judged);
  if (stop === null) return "";
  const scores = data.arms.map(({ name, label }) => [label, judged.get(stop).get(name)]).filter(([, found]) => found);
  const [quality, words] = byStamp(judged, data.stamped) ? ["stamp_distance", "Stamp distance"] : ["fidelity", "F"];
  return `${words} after ${counted(stop, "pass", "passes")}: ${scores.map(([label, found]) => `${label} ${fixed(found[quality])}`).join("; ")}. The verdict is on the form win stay. One picture and one seed.`;
}

// What somebody chose, else the newest at which every method has its map; after the end, the newest that was judged.
function stopNow({ reached, chosenStop, data, job }) {
  if (chosenStop !== null && reached.has(chosenStop)) return chosenStop;
  const newest = (fits) => [...reached.keys()].filter((stop) => data.arms.every(({ name }) => fits(reached.get(stop).get(name)))).at(-1);
  return (ended(job) ? newest((of) => of?.judged) : null) ?? newest(Boolean) ?? [...reached.keys()].at(-1) ?? null;
}

function offerStops(state) {
  const stops = [...state.reached.keys()], now = stopNow(state), offered = JSON.stringify([stops, now]);
  if (state.offeredStops === offered) return;
  state.offeredStops = offered;
  const focused = state.stopPlace.contains(state.stopPlace.getRootNode().activeElement);
  const pick = (stop) => { state.chosenStop = stop; state.redraw(); };
  state.stopPlace.replaceChildren(choice("Number of passes", stops.map((stop) => [stop, stop.toLocaleString("en")]), now, pick));
  if (focused) state.stopPlace.querySelector('[aria-pressed="true"]')?.focus();
}

async function enlargeSearched(state, card) {
  const { of, label } = card, { run } = state.data;
  if (!of?.map) return;
  state.opener = card.button;
  const limit = await scaleOf(run, of.map), pictures = [["Map", of.map], ["Doubt: standard error", of.doubt]].filter(([, message]) => message);
  const figures = await Promise.all(pictures.map(async ([title, message]) => {
    const stage = makeStage(`/api/jobs/${run}/crop`, () => {}, `Read the values with the arrow keys: ${title} of ${label}`);
    const map = await loadedMap(run, message);
    if (map) stage.show(map, { ...view, sign: "both", share: 1, scale: "own" }, limit);
    stage.canvas.setAttribute("aria-label", `${title} of ${label}`);
    return portraitOf(stage, title, element("p", { class: "muted" }, message === of.map ? of.judged?.sentence ?? "" : "On the scale of the map."));
  }));
  state.pair.fill(`${label}, ${counted(of.map.passes, "pass", "passes")}`, figures);
  state.pair.dialog.showModal();
}
