// Whether the class depends on a hidden region more than on one of the same shape elsewhere.

export function variationsVerdict(regions, over) {
  const salient = regions.get("salient")?.result, elsewhere = regions.get("random")?.result;
  if (salient && !salient.hidden) return "No verdict: the region is empty.";
  if (salient?.hidden === 1) return "No verdict: the region is the whole picture.";
  if (!salient || !elsewhere) return over ? "No verdict: the run ended before the same shape elsewhere was filled." : "No verdict yet: the same shape elsewhere is to come.";
  const [low, high] = differenceOf(salient, elsewhere);
  if (high < 0) return "The class depends on this region more than on one elsewhere.";
  if (low > 0) return "The class depends on this region less than on one elsewhere.";
  return "No clear difference between this region and one elsewhere.";
}

// The 95 % interval of the difference of two shares, from theirs (Newcombe 1998, method 10, with exact intervals of each):
// whether both overlap would ask for far more.
function differenceOf(one, other) {
  const gap = one.kept - other.kept;
  return [gap - Math.hypot(one.kept - one.low, other.high - other.kept), gap + Math.hypot(one.high - one.kept, other.kept - other.low)];
}
