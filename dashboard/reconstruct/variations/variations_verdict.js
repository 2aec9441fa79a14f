// Whether the class depends on a hidden region more than on one of the same shape elsewhere.

export function variationsVerdict(regions, over) {
  const salient = regions.get("salient")?.result, elsewhere = regions.get("random")?.result;
  if (salient && !salient.hidden) return "No verdict: the region is empty.";
  if (!salient || !elsewhere) return over ? "No verdict: the run ended before the same shape elsewhere was filled." : "No verdict yet: the same shape elsewhere is to come.";
  if (salient.high < elsewhere.low) return "The class depends on this region more than on one elsewhere.";
  if (salient.low > elsewhere.high) return "The class depends on this region less than on one elsewhere.";
  return "No clear difference between this region and one elsewhere.";
}
