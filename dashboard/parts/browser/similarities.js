// What tells how alike two maps are: its name, and what it says.

const SIMILARITIES = {
  spearman: ["Spearman", "rank correlation of the maps with their signs"],
  spearman_abs: ["Spearman of magnitudes", "rank correlation of the maps' magnitudes"],
  ssim: ["SSIM", "structural similarity of the maps as they are shown"],
  hog: ["HOG", "correlation of the maps' histograms of oriented gradients"],
};

// All four in words; `valueOf` has nothing for one that can't be told.
const alikeWords = (valueOf) => Object.entries(SIMILARITIES).map(([name, [words]]) => `${words} ${valueOf(name) == null ? "can't be told" : fixed(valueOf(name))}`).join(", ");
