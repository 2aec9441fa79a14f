// What a run on a stamped picture sends as it goes: how far each heatmap is from the stamp, and what of it the model uses.

import { ended } from "../../components/kit/stream.js";

export const makeAgreement = () => ({ scores: new Map(), spreads: new Map(), stale: new Set(), causal: null });

// Scores of an earlier choice stay, pale, until their successors come.
export function beginAgreement(state) {
  state.stale = new Set(state.scores.keys());
  state.spreads.clear();
  state.causal = null;
}

export const TAKE_AGREEMENT = {
  CausalReady: (state, message) => { state.causal = message; },
  SpreadReady: (state, { method, spread }) => state.spreads.set(method, spread),
  ScoresReady: (state, { method, scores }) => {
    state.scores.set(method, scores);
    state.stale.delete(method);
  },
  MethodRefused: (state, { method }) => {
    state.scores.delete(method);
    state.stale.delete(method);
  },
};

export const isWhole = ({ job, stale }) => ended(job) && !stale.size;

export const distanceOf = ({ scores }, { name }) => scores.get(name).stamp_distance ?? Infinity;

export const nearestFirst = (state) => state.data.methods.filter(({ name }) => state.scores.has(name)).sort((one, other) => distanceOf(state, one) - distanceOf(state, other));
