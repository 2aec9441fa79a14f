// The two curves of the best method in a sentence.

import { bestOf } from "../../components/heatmap_cards/fidelity_verdict.js";
import { fixed, percent } from "../../components/kit/numbers.js";
import { BY_IMPORTANCE, nearestTo } from "../live_curve/curve_data.js";

const ANSWERED_AT = 0.3;

// How far apart the curves of the method are that scores highest, where some of the picture is gone and some is left.
export function bestEnds({ curves, data, fidelities }) {
  const best = bestOf(data.methods, fidelities);
  const fraction = best && nearestTo(ANSWERED_AT, curves.fractions(best.name, "mif"));
  const ends = BY_IMPORTANCE.map((order) => best && curves.at(best.name, order, fraction));
  return ends.every(Boolean) ? `${best.label}: at ${percent(fraction)} removed, ${BY_IMPORTANCE.map((order, at) => `${order.toUpperCase()} ${fixed(ends[at].value)}`).join(", ")}.` : "";
}
