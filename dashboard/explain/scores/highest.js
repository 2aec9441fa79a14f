// Which method scores highest on a picture, and how many controls score higher still.

import { bestOf, scored } from "../../components/heatmap_cards/fidelity_verdict.js";
import { capital, counted } from "../../components/kit/numbers.js";

// The Oracle and the negated map look at more than a control may, so to score below them says nothing.
export function highest({ data, fidelities }) {
  const best = bestOf(data.methods, fidelities), found = fidelities.get(best?.name);
  if (!best) return "Only controls were scored.";
  const above = data.methods.filter(({ name, rival }) => rival && fidelities.get(name)?.value > found.value).length;
  return `${best.label} scores highest of the methods: F ${scored(found)}.${above ? ` ${capital(counted(above, "control"))} ${above === 1 ? "scores" : "score"} higher.` : ""}`;
}
