// What a card's score is: how it is read from the run's messages, shown, told and sorted by.

const JUDGES = {
  fidelity: {
    sorts: "by F",
    legend: "F: area between the two curves of the trial below, 0 for a random order. ±: what chance alone can do.",
    kinds: ["fidelity"],
    read: (message) => (message.kind === "fidelity" ? message : undefined),
    goodness: ({ value }) => value,
    words: (fidelity) => `F ${scored(fidelity)}, ${verdictWords(fidelity)}`,
    shown: (fidelity) => [
      element("strong", { title: "Fidelity: higher is better, 0 is random order" }, `F ${scored(fidelity)}`),
      element("span", { class: "sign", "aria-hidden": "true" }, verdictSign(fidelity)),
      element("span", { class: "muted" }, verdictWords(fidelity)),
    ],
  },
  stamp_distance: {
    sorts: "by d",
    legend: "d: how far the map is from showing the stamp and nothing else. 0 is the ideal, 2 unrelated, 4 the opposite. ±: what other seeds change, where chance has a part.",
    keeps: true,
    kinds: ["scores"],
    read: ({ kind, scores, spread }, judged) => {
      if (kind === "scores") return scores.stamp_distance === null ? undefined : { distance: scores.stamp_distance, spread: null };
      return kind === "spread" && judged ? { ...judged, spread: spread.stamp_distance } : undefined;
    },
    goodness: ({ distance }) => -distance,
    words: (judged) => `Stamp distance ${withSpread(judged.distance, judged.spread)}, where 0 is the ideal, 2 unrelated, 4 the opposite`,
    shown: ({ distance, spread }) => [
      element("strong", { title: "Stamp distance: lower is better. ±: how far other seeds move it" }, `d ${withSpread(distance, spread)}`),
      distanceScale(distance),
    ],
  },
};

function distanceScale(distance) {
  const mark = element("span", { class: "mark" });
  mark.style.left = `${25 * distance}%`;
  return element("span", { class: "scale", "aria-hidden": "true" }, mark, element("span", {}, "0 ideal"), element("span", {}, "2 unrelated"), element("span", {}, "4"));
}
