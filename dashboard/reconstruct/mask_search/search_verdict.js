// Whether mask search leads RISE at equal numbers of passes on this picture, or why that has no answer. Asked once both are
// judged, or once the probability is known hardly to move.

const SMALLEST_LEAD = 0.01; // of F or of the stamp distance: a smaller lead is none that the page shows
const JUDGED_FORM = "win_stay";

// The stops at which both are judged, the fewest passes first.
function stopsOf(judged) {
  return [...judged.keys()].filter((stop) => judged.get(stop).has(JUDGED_FORM) && judged.get(stop).has("rise")).sort((one, other) => one - other);
}

// Whether the stamp is the truth; from one that does not decide the class nothing is measured.
export const byStamp = (judged, stamped) => stamped && [...judged.values()].every((arms) => [...arms.values()].every(({ stamp_distance: distance }) => distance !== null));

export const lastJudged = (judged) => stopsOf(judged).at(-1) ?? null;

// Below the rank correlation `chanceBelow` of two halves, more than half of a map is chance.
export function searchVerdict(probe, judged, truth, chanceBelow) {
  if (probe?.hardly_moves) return "The probability hardly moves: win stay returns mostly chance.";
  const pairs = stopsOf(judged).map((stop) => ({ search: judged.get(stop).get(JUDGED_FORM), rise: judged.get(stop).get("rise") }));
  return truth ? verdictByStamp(pairs, chanceBelow) : verdictByFidelity(pairs, chanceBelow);
}

const MOSTLY_CHANCE = "Most of mask search's map is chance: take more passes.";
const mostlyChance = ({ agreement }, chanceBelow) => agreement !== null && agreement < chanceBelow;

// Only several numbers of passes make a throughout.
const overStops = (pairs, words) => `${words}${pairs.length > 1 ? " throughout" : ""}.`;

// Once the stamp is among the first pixels to go, every map has the same F: the distance still tells them apart.
function verdictByStamp(pairs, chanceBelow) {
  if (mostlyChance(pairs.at(-1).search, chanceBelow)) return MOSTLY_CHANCE;
  const leads = pairs.map(({ search, rise }) => rise.stamp_distance - search.stamp_distance);
  if (leads.every((lead) => lead >= SMALLEST_LEAD)) return "On this seed, mask search beats RISE by stamp distance.";
  if (leads.every((lead) => lead <= -SMALLEST_LEAD)) return "On this seed, RISE beats mask search by stamp distance.";
  return overStops(pairs, "Neither mask search nor RISE is nearer the stamp");
}

function verdictByFidelity(pairs, chanceBelow) {
  const { search, rise } = pairs.at(-1), above = ({ fidelity, spread }) => fidelity > spread;
  if (!above(search) && !above(rise)) return "Neither mask search nor RISE is better than chance here.";
  if (mostlyChance(search, chanceBelow)) return MOSTLY_CHANCE;
  const leads = pairs.map((pair) => pair.search.fidelity - pair.rise.fidelity);
  if (leads.every((lead) => lead >= SMALLEST_LEAD)) return overStops(pairs, "On this seed, mask search leads RISE");
  if (leads.every((lead) => lead <= -SMALLEST_LEAD)) return overStops(pairs, "On this seed, mask search trails RISE");
  return overStops(pairs, "Neither mask search nor RISE leads");
}
