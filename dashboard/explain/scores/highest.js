// Which method scores highest on a picture, and how many controls score higher still.

import { scored } from "../../components/heatmap_cards/fidelity_verdict.js";
import { capital, counted } from "../../components/kit/numbers.js";

const isControl = ({ data }, method) => data.methods.find(({ name }) => name === method)?.control;

export const bestOf = (run) => [...run.fidelities.values()].filter(({ method }) => !isControl(run, method)).reduce((one, other) => (other.value > (one?.value ?? -Infinity) ? other : one), undefined);

// The Oracle and the negated map look at more than a control may, so to score below them says nothing.
export function highest(run) {
  const best = bestOf(run);
  if (!best) return "Only controls were scored.";
  const label = run.data.methods.find(({ name }) => name === best.method).label;
  const above = run.data.methods.filter(({ name, rival }) => rival && run.fidelities.get(name)?.value > best.value).length;
  return `${label} scores highest of the methods: F ${scored(best)}.${above ? ` ${capital(counted(above, "control"))} ${above === 1 ? "scores" : "score"} higher.` : ""}`;
}
