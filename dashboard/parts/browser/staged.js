// What a randomisation tells as it goes: the stages, a map and its similarities for each method at each, the verdicts.

function makeStaged() {
  const staged = {};

  staged.clear = () => Object.assign(staged, { stages: [], mode: "", draws: 0, trained: new Map(), points: new Map(), verdicts: new Map(), refused: new Map() });

  staged.add = (message) => {
    const { kind, method } = message;
    if (kind === "stages") Object.assign(staged, { stages: message.stages, mode: message.mode, draws: message.draws });
    if (kind === "heatmap") staged.trained.set(method, message);
    if (kind === "refused") staged.refused.set(method, message.reason);
    if (kind === "verdict") staged.verdicts.set(method, message);
    if (kind === "stage") keepPoint(message);
  };

  function keepPoint(message) {
    if (!staged.points.has(message.method)) staged.points.set(message.method, new Map());
    const stages = staged.points.get(message.method);
    if (!stages.has(message.stage)) stages.set(message.stage, new Map());
    stages.get(message.stage).set(message.draw, message);
  }

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

const REACHED = { cascading: "and all layers after it", bottom_up: "and all layers before it", independent: "alone" };
const stageWords = ({ title, share }, mode) => `${title} ${REACHED[mode]} randomised, ${shareWords(share)} of the parameters`;
// A small share is told as one, never as nothing; only all is 100 %, and what comes near to it has its decimals.
const shareWords = (share) => {
  if (share >= 1) return "100\u00a0%";
  if (share < 0.01) return "<\u00a01\u00a0%";
  const percent = 100 * share;
  const decimals = percent < 98.5 ? 0 : percent < 99.85 ? 1 : 2;
  return `${(Math.floor(percent * 10 ** decimals) / 10 ** decimals).toFixed(decimals)}\u00a0%`;
};
