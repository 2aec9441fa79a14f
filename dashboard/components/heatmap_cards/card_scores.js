// What a card's score is: how it is read from the run's messages, shown, put into words and sorted by.

import { element, sign } from "../kit/dom.js";
import { fixed, withSpread } from "../kit/numbers.js";
import { scored, verdictSign } from "./fidelity_verdict.js";

export const JUDGES = {
  fidelity: {
    sorts: "by F",
    legend: "F: area between the two curves below; 0 is a random order, higher is better.",
    tellsControls: true,
    read: { FidelityReady: (fidelity) => fidelity },
    goodness: ({ value }) => value,
    words: (fidelity) => `F ${scored(fidelity)}, ${fidelity.words}`,
    shown: (fidelity, best) => [
      element("strong", {}, `F ${fixed(fidelity.value)}`),
      sign(verdictSign(fidelity)),
      element("span", { class: "muted" }, best ? "the best control" : fidelity.words),
    ],
  },
  stamp_distance: {
    sorts: "by d",
    legend: "d: how far the map is from showing the stamp and nothing else. 0 is the ideal, 2 unrelated, 4 the opposite. ±: spread over seeds, for random methods.",
    keeps: true,
    read: {
      ScoresReady: ({ scores }) => (scores.stamp_distance === null ? undefined : { distance: scores.stamp_distance, spread: null }),
      SpreadReady: ({ spread }, judged) => (judged ? { ...judged, spread: spread.stamp_distance } : undefined),
    },
    goodness: ({ distance }) => -distance,
    words: (judged) => `Stamp distance ${withSpread(judged.distance, judged.spread)}, where 0 is the ideal, 2 unrelated, 4 the opposite`,
    shown: ({ distance, spread }) => [
      element("strong", { title: "Stamp distance: lower is better. ±: its spread over seeds" }, `d ${withSpread(distance, spread)}`),
      distanceScale(distance),
    ],
  },
};

function distanceScale(distance) {
  const mark = element("span", { class: "mark" });
  mark.style.left = `${25 * distance}%`;
  return element("span", { class: "scale", "aria-hidden": "true" }, mark, element("span", {}, "0 ideal"), element("span", {}, "2 unrelated"), element("span", {}, "4"));
}
