// The pictures that networks learned from: of a person's own, what they are and what guessing would reach.

import { capital, counted, percent } from "../components/kit/numbers.js";

// A run tells the chance of its own pictures; a stored one of the bundled pictures may not.
export const chanceOf = ({ about, data }) => about?.chance ?? data.chance;

export function ownPictures({ about, data }) {
  if (!data.own || !about) return "";
  const { title, learned, tested, classes, size, division, chance } = about;
  return `${capital(title)}: ${counted(learned, "training picture")} and ${counted(tested, "test picture")} of ${classes} classes, ${size.join(" × ")} pixels. ${division} Always naming the most frequent class is right for ${percent(chance)} of the test pictures.`;
}

// A network that guesses has heatmaps, too.
export const GUESSES = "The network to explain recognises no more whole test pictures than guessing would: its heatmaps say nothing of the classes. More pictures may help.";
