// What a card's score is: how it is read from the run's messages, shown, told and sorted by.

const JUDGES = {
  fidelity: {
    sorts: "by F",
    legend: "F: area between the two curves of the trial below, 0 for a random order. ±: what chance alone can do.",
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
    legend: "d: how far the map is from showing the stamp and nothing else. 0 is the ideal, 2 unrelated, 4 the opposite.",
    keeps: true,
    read: (message) => (message.kind === "scores" ? message.scores.stamp_distance ?? undefined : undefined),
    goodness: (distance) => -distance,
    words: (distance) => `Stamp distance ${fixed(distance)}, where 0 is the ideal, 2 unrelated, 4 the opposite`,
    shown: (distance) => [
      element("strong", { title: "Stamp distance: lower is better" }, `d ${fixed(distance)}`),
      distanceScale(distance),
    ],
  },
};

function distanceScale(distance) {
  const mark = element("span", { class: "mark" });
  mark.style.left = `${25 * distance}%`;
  return element("span", { class: "scale", "aria-hidden": "true" }, mark, element("span", {}, "0 ideal"), element("span", {}, "2 unrelated"), element("span", {}, "4"));
}
