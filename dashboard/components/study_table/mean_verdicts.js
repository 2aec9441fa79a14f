// How a method compares with the controls over many pictures: its sign and its words.

export const MEAN_VERDICTS = {
  better: ["▲", "better than every control"],
  edge: ["△", "better than random only"],
  worse: ["▼", "worse than random"],
  unclear: ["–", "not clearly better than random"],
  control: ["", "control"],
};
export const TOO_FEW = ["", "needs five pictures"];
