// What a study of retraining says: its verdict, what it rests on, and what a leak means.

import { counted, lasting, percent, soFar } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { methodLabel } from "../../components/kit/table.js";
import { leaksOpen, studyCell } from "./roar_curves.js";

const LEAK_MEANS = "Networks that learned from the masks alone are not clearly less accurate: the class may have been read from the shape of the gaps, so these accuracies cannot show what the removed pixels meant.";
const LEAK_HIGHER = "Where the leak is higher, networks learned less from the pictures than the masks alone tell: more training pictures may help.";
const ONE_NETWORK = "With one network for each set of masks, the intervals leave out how networks differ.";
const NO_LEAK = "The leak was not measured: these networks may have read the class from the shape of the gaps.";
const LEAK_TO_COME = "No verdict before the leak is known.";
const NONE_REMOVES_MORE = "No heatmap removes clearly more than the controls.";
const ONLY_KEPT = "No verdict: verdicts need ROAR.";

export function studyVerdict(state) {
  const { data, ready, job, accuracies } = state, over = ended(job);
  if (!accuracies.size) return over ? "Paused before the first network." : beforeNetworks(state);
  if (!data.forms.includes("roar")) return ONLY_KEPT;
  if (leaksOpen(state)) return LEAK_TO_COME;
  const judged = (ready?.verdicts ?? []).filter(({ standing }) => standing !== "control");
  if (!judged.length) return over ? "No verdict: no method has all of its networks." : "No verdict yet.";
  const words = verdictOfStudy(state, judged);
  return ready.final || words === NONE_REMOVES_MORE && over ? words : soFar(words);
}

function verdictOfStudy(state, judged) {
  const decided = judged.filter((verdict) => verdict.leak_decides), better = judged.filter(({ standing }) => standing === "better");
  const [only] = better, all = counted(judged.length, "method");
  if (decided.length && better.length) return `Of ${all}, ${better.length} beat every control; the leak decides for ${decided.length}.`;
  if (decided.length) return `The leak decides for ${decided.length} of ${all}.`;
  if (better.length > 1) return `${better.length} of ${all} remove more than every control.`;
  return only ? `${methodLabel(state.data.methods, only.method)} removes more than every control.` : NONE_REMOVES_MORE;
}

function beforeNetworks({ job, explained }) {
  if (job?.state === "queued") return "The study waits for its turn.";
  if (explained && explained.epoch < explained.epochs) return `The network to explain is being trained: epoch ${explained.epoch} of ${explained.epochs}.`;
  return "Heatmaps of all pictures come first, then the networks.";
}

export function basisOfStudy({ accuracies, data, ready }) {
  const whole = accuracies.get(studyCell({ method: "random", form: "roar", fraction: 0 }));
  if (!whole) return "";
  const most = data.stop_early ? "up to " : "";
  const of = `Over ${counted(whole.retrained.over_pictures.n, "test picture")} and ${most}${counted(data.seeds, "network")} for each set of masks.`;
  const saved = ready?.saved ? `, ${ready.saved.toLocaleString("en")} saved by stopping early` : "";
  const took = ready?.took ? ` All runs took ${lasting(ready.took)}.` : "";
  const trained = ready ? ` ${counted(ready.networks, "network")} trained${saved}.${took}${inPrecision(ready)}${ready.mixed ? ` ${ready.mixed}` : ""}` : "";
  return `${of} Whole pictures: ${percent(whole.retrained.over_pictures.mean)}.${trained}${data.seeds === 1 ? ` ${ONE_NETWORK}` : ""}`;
}

const inPrecision = ({ precision }) => (precision && precision !== "float32" ? ` They learned in ${precision}, the explained network in float32.` : "");

// Verdicts are of ROAR; where there is none, any accuracy that the leak decides is explained.
export function meaningOfLeak({ accuracies, data, ready }) {
  if (!data.leak) return NO_LEAK;
  const judged = data.forms.includes("roar") ? ready?.verdicts ?? [] : [...accuracies.values()];
  if (!judged.some(({ leak_decides }) => leak_decides)) return "";
  return [...accuracies.values()].some((each) => each.leak_decides && isLeakHigher(each)) ? `${LEAK_MEANS} ${LEAK_HIGHER}` : LEAK_MEANS;
}

export const isLeakHigher = ({ leak, retrained }) => leak.over_pictures.low !== null && leak.over_pictures.low > (retrained.over_pictures.high ?? Infinity);
