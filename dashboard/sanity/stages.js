// What a randomisation sends as it goes: the stages, a map and its similarities for each method at each, the verdicts.

export function makeStaged() {
  const staged = {};

  staged.clear = () => Object.assign(staged, { stages: [], mode: "", draws: 0, trained: new Map(), points: new Map(), verdicts: new Map(), refused: new Map() });

  const drawsAt = (method, stage) => [...(staged.points.get(method)?.get(stage)?.values() ?? [])];

  // The first draw's map stands for all; the numbers are of all draws.
  staged.shown = (method, stage) => staged.points.get(method)?.get(stage)?.get(0);

  staged.similarity = (method, stage, name) => {
    const values = drawsAt(method, stage).map((message) => message[name]).filter((value) => value !== null);
    return values.length ? { value: values.reduce((sum, value) => sum + value, 0) / values.length, low: Math.min(...values), high: Math.max(...values), n: values.length } : undefined;
  };

  staged.clear();
  return staged;
}

// How a component with such a state takes the messages.
export const TAKE_STAGES = {
  StagesFound: ({ staged }, { stages, mode, draws }) => Object.assign(staged, { stages, mode, draws }),
  HeatmapReady: ({ staged }, message) => staged.trained.set(message.heatmap.method, message),
  MethodRefused: ({ staged }, { method, reason }) => staged.refused.set(method, reason),
  VerdictReady: ({ staged }, message) => staged.verdicts.set(message.method, message),
  StageReady: ({ staged: { points } }, message) => {
    const { method, stage, draw } = message;
    if (!points.has(method)) points.set(method, new Map());
    if (!points.get(method).has(stage)) points.get(method).set(stage, new Map());
    points.get(method).get(stage).set(draw, message);
  },
};

const REACHED = { cascading: "and all layers after it", bottom_up: "and all layers before it", independent: "alone" };
export const stageWords = ({ title, share }, mode) => `${title} ${REACHED[mode]} randomised, ${shareWords(share)} of the parameters`;

// A small share is shown as one, never as nothing; only all is 100 %, and what comes near to it has its decimals.
export function shareWords(share) {
  if (share >= 1) return "100\u00a0%";
  if (share < 0.01) return "<\u00a01\u00a0%";
  const percents = 100 * share;
  const decimals = percents < 98.5 ? 0 : percents < 99.85 ? 1 : 2;
  return `${(Math.floor(percents * 10 ** decimals) / 10 ** decimals).toFixed(decimals)}\u00a0%`;
}
