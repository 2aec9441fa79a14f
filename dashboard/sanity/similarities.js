// What tells how similar two maps are: its name, and what it says.

import { fixed } from "../components/kit/numbers.js";

export const SIMILARITIES = {
  spearman: ["Spearman", "rank correlation of the maps with their signs"],
  spearman_abs: ["Spearman of magnitudes", "rank correlation of the maps' magnitudes"],
  ssim: ["SSIM", "structural similarity of the maps as they are shown"],
  hog: ["HOG", "correlation of the maps' histograms of oriented gradients"],
};

export const similarityNames = Object.entries(SIMILARITIES).map(([name, [words]]) => [name, words]);

// All four in words; `valueOf` has nothing for one that is undefined.
export const similarityWords = (valueOf) => similarityNames.map(([name, words]) => `${words} ${valueOf(name) == null ? "undefined" : fixed(valueOf(name))}`).join(", ");
