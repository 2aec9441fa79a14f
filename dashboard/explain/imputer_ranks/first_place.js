// Which method is first under which imputer, in a sentence, and how much the order changes.

import { counted, fixed } from "../../components/kit/numbers.js";

// The answer, and what it rests on: a run that was cancelled knows some of the imputers only.
export function howFar(data, found) {
  const known = data.imputers.filter(({ name }) => found.has(name));
  if (known.length < 2) return ["", ""];
  const methods = data.methods.filter(({ control }) => !control), rivals = data.methods.filter(({ rival }) => rival);
  const all = known.length === data.imputers.length ? "every imputer" : `the ${known.length} imputers so far`;
  const standings = known.map(({ name, label }) => ({ label, ...leaders(found.get(name).scores, methods, rivals) }));
  const beaten = standings.filter(({ beaten }) => beaten).map(({ label }) => label);
  const firsts = [...new Set(standings.filter(({ beaten }) => !beaten).flatMap(({ first }) => first))];
  const most = mostMoved(data, found, known);
  if (!firsts.length) return [`A control is first under ${all}.`, most];
  const under = beaten.length ? `${known.length - beaten.length} of ${known.length === data.imputers.length ? counted(known.length, "imputer") : all}` : all;
  const answer = firsts.length === 1 ? `${firsts[0]} is first under ${under}.`
    : `First place depends on the imputer: ${firsts.length === 2 ? firsts.join(" or ") : `${firsts.length} methods reach it`}.`;
  const reached = firsts.length > 2 ? `First under one imputer or more: ${firsts.join(", ")}. ` : "";
  const ranked = beaten.length ? `Under ${new Intl.ListFormat("en-GB").format(beaten)} a control that ignores the model scores higher than every method. ` : "";
  return [answer, ranked + reached + most];
}

// The methods of the highest score, several where they tie; and whether a control that ignores the model has a higher one.
function leaders(scores, methods, rivals) {
  const best = (those) => Math.max(...those.map(({ name }) => scores[name] ?? -Infinity)), highest = best(methods);
  return { first: methods.filter(({ name }) => scores[name] === highest).map(({ label }) => label), beaten: best(rivals) > highest };
}

// Which imputer changes the order most, beside the chosen one.
function mostMoved(data, found, known) {
  const chosen = found.get(data.chosen), others = known.filter(({ name }) => name !== data.chosen);
  if (!chosen || !others.length) return "";
  const swapped = others.map(({ name, label }) => ({ label, ...swaps(chosen.scores, found.get(name).scores) }));
  const worst = swapped.reduce((one, other) => (other.count > one.count ? other : one));
  return worst.count ? `${worst.label} changes the ranking most: ${worst.count} of ${counted(worst.pairs, "pair")} of maps ${worst.count === 1 ? "swaps" : "swap"} places (Kendall's tau ${fixed(worst.tau)}).` : "No pair of maps swaps places.";
}

// How many pairs of maps are the other way round; ties count as neither.
function swaps(one, other) {
  const methods = Object.keys(one).filter((method) => method in other);
  let count = 0, same = 0, pairs = 0;
  methods.forEach((first, at) => methods.slice(at + 1).forEach((second) => {
    const agreement = Math.sign(one[first] - one[second]) * Math.sign(other[first] - other[second]);
    pairs += 1;
    if (agreement < 0) count += 1;
    if (agreement > 0) same += 1;
  }));
  return { count, pairs, tau: pairs ? (same - count) / pairs : 1 };
}
