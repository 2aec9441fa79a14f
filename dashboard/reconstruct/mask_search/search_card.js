// A method's map after a number of passes, below it how far it may be trusted.

import { element, say } from "../../components/kit/dom.js";
import { measured, reach, strongestPlace } from "../../components/kit/heatmap.js";
import { makeStage } from "../../components/kit/map_view.js";
import { counted, fixed } from "../../components/kit/numbers.js";
import { mapOf } from "../../components/kit/stream.js";
import { view } from "../../components/kit/view_bar.js";

const SHOWN_WHOLE = { sign: "both", share: 1, range: "clipped", scale: "own" };

export function makeSearchCard({ name, label }, enlarge) {
  const card = { name, label, message: null, asked: "" };
  const stage = makeStage(undefined, () => enlarge(card), `Enlarge ${label}`);
  const score = element("p", { class: "score" }), halves = element("p", { class: "muted small" });
  card.button = stage.button;
  card.place = element("figure", { class: "arm", "data-arm": name }, element("figcaption", {}, label), stage.place, score, halves);

  card.show = (run, crop, of, shown, stop) => {
    const message = of?.[shown] ?? null, judged = of?.judged;
    card.of = of;
    card.place.classList.toggle("waiting", !message);
    stage.see(crop);
    say(score, judged ? scoreWords(judged) : message ? "Not judged yet" : "");
    say(halves, halvesWords(of, shown));
    paintOnce(message, run, shown, stop);
  };

  async function paintOnce(message, run, shown, stop) {
    const asked = message ? `${run} ${message.sequence}` : "";
    if (asked === card.asked) return;
    card.asked = asked;
    if (!message) return;
    const map = await loadedMap(run, message), limit = shown === "doubt" && card.of?.map ? await scaleOf(run, card.of.map) : null;
    if (!map || card.asked !== asked) return;
    stage.show(map, { ...view, ...SHOWN_WHOLE }, limit ?? reach(map, "clipped"));
    stage.canvas.setAttribute("aria-label", `${label}, ${shown === "doubt" ? "standard error" : "map"} after ${counted(stop, "pass", "passes")}: strongest at ${strongestPlace(map)}`);
  }

  return card;
}

const scoreWords = ({ stamp_distance: distance, fidelity, spread }) => (distance === null ? `F ${fixed(fidelity)} (chance up to ${fixed(spread)})` : `Stamp distance ${fixed(distance)}`);

function halvesWords(of, shown) {
  if (!of) return "";
  if (shown === "doubt" && !of.doubt) return of.map ? "This method has no doubt map." : "";
  return of.judged?.sentence ?? "";
}

export async function loadedMap(run, message) {
  const values = await mapOf(run, message.sequence);
  return values && measured(values, message.heatmap.width);
}

// The doubt is shown on the scale of its map, so that both can be compared.
export async function scaleOf(run, message) {
  const map = await loadedMap(run, message);
  return map && reach(map, "clipped");
}
