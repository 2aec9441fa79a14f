// Where two tests of one map disagree: to pass one is not to pass all.

const MOST_NAMED = 3;

// Of both tests, how methods stand in them by name, and the words for having passed and for having failed.
export function disagreement(methods, here, there) {
  const apart = (passed, failed) => methods.filter(({ name, control }) => !control && passed.standings[name] === "passes" && failed.standings[name] === "fails").map(({ label }) => label);
  const sentences = [passedOne(apart(there, here), there.passed, here.failed), passedOne(apart(here, there), here.passed, there.failed)].filter(Boolean);
  return sentences.length ? `${sentences.join(" ")} Passing one test is not passing all.` : "";
}

function passedOne(labels, passed, failed) {
  if (!labels.length) return "";
  const named = labels.slice(0, MOST_NAMED).join(", "), more = labels.length - MOST_NAMED;
  return `${named}${more > 0 ? ` and ${more} more` : ""} ${labels.length === 1 ? "passes" : "pass"} ${passed} but ${labels.length === 1 ? "fails" : "fail"} ${failed}.`;
}
