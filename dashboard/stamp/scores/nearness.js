// The verdict above the heatmaps: how many methods come nearer to the stamp than every control that ignores the model, and what that rests on.

import { earlierMark, element, folded, markEarlier, say } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { counted, fixed, percent } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { TAKE_AGREEMENT, beginAgreement, distanceOf, isWhole, makeAgreement, nearestFirst } from "./agreement.js";

const SELDOM = 0.05;
const ENDED_EARLY = "No verdict: the run ended before every heatmap was scored.";
const ONE_TEST = "Passing one test is not passing all.";
const OTHER_TESTS = "One picture proves little: see Benchmark. A map that finds the stamp may still fail randomisation: see Sanity.";

export default component({
  mount(state) {
    Object.assign(state, makeAgreement());
    state.earlier = earlierMark();
    state.verdict = element("p", { class: "verdict", role: "status" });
    state.warning = element("span", { class: "muted" });
    state.reasons = element("p", { class: "muted small" });
    state.fold = folded("Reasons", state.reasons);
    return [state.earlier, state.verdict, element("div", { class: "folds" }, state.warning, state.fold)];
  },

  begin: beginAgreement,

  take: TAKE_AGREEMENT,

  render(state) {
    const { verdict, warning, reasons, fold, causal, data, job } = state, known = nearestFirst(state), whole = isWhole(state) && job.state === "done";
    const sentences = [nearestWords(state, known), chanceWords(known, state.scores), causal ? usedWords(causal) : "", data.truth ? OTHER_TESTS : ""];
    markEarlier(state.earlier, data);
    say(verdict, whole ? nearerWords(state, known) : ended(job) ? ENDED_EARLY : "");
    say(warning, whole && data.truth ? ONE_TEST : "");
    say(reasons, sentences.filter(Boolean).join(" "));
    fold.hidden = !whole;
  },
});

// Known is the nearest first; a method's rivals are the controls that look at no model.
const explaining = (known) => known.filter(({ control }) => !control);
const bestControl = (known) => known.find(({ rival }) => rival);

function nearerWords(state, known) {
  const methods = explaining(known), control = bestControl(known);
  if (!methods.length || !control) return "";
  const nearer = methods.filter((method) => distanceOf(state, method) < distanceOf(state, control)).length;
  return `${nearer} of ${counted(methods.length, "method")} ${nearer === 1 ? "beats" : "beat"} every control that ignores the model.`;
}

function nearestWords(state, known) {
  const [best] = explaining(known), control = bestControl(known);
  return best && control ? `Nearest: ${best.label}, d ${fixed(distanceOf(state, best))}; best control: ${control.label}, d ${fixed(distanceOf(state, control))}.` : "";
}

// A map is hardly where it is by chance if few of its own copies, shifted and turned, come as near.
function chanceWords(known, scores) {
  const methods = explaining(known), perhaps = methods.filter(({ name }) => !(scores.get(name).copies_as_near < SELDOM));
  if (!methods.length) return "";
  return perhaps.length ? `Possibly near by chance: ${perhaps.map(({ label }) => label).join(", ")} (at least 5 % of its moved copies are as near).` : "No map is likely this near by chance: under 5 % of its moved copies are as near.";
}

const usedWords = ({ share, suffices }) => `The model uses ${percent(share)} of the stamp's pixels, and these alone ${suffices ? "are" : "are not"} enough for its answer.`;
