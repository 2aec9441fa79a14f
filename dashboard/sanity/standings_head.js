// Above all else: the verdict in a sentence, how many methods stand where, and where another test disagrees.

import { earlierMark, element, markEarlier, say } from "../components/kit/dom.js";
import { ended } from "../components/kit/stream.js";
import { standingCounts, standingsLine } from "./standings.js";

const WITH_WEIGHTS = {
  fail: "stay similar with randomised weights", fails: "stays similar with randomised weights",
  pass: "change with the weights", passes: "changes with the weights",
};

export function makeStandingsHead(maps = WITH_WEIGHTS) {
  const earlier = earlierMark();
  const said = element("p", { class: "verdict", role: "status" });
  const counts = element("p", { class: "counts" });
  const apart = element("p", { class: "apart" });
  let shownAs = "";

  // `waiting` is said as long as there is no verdict, `basis` is what the verdicts rest on.
  function show({ methods, ...data }, verdicts, job, { waiting, basis, apart: disagreeing }) {
    markEarlier(earlier, data);
    say(said, standingsLine(methods, verdicts, ended(job), maps) || waiting);
    say(apart, disagreeing);
    const now = JSON.stringify([basis, [...verdicts.values()].map(({ method, standing }) => [method, standing])]);
    if (shownAs === now) return;
    shownAs = now;
    counts.replaceChildren(...standingCounts(methods, verdicts), element("span", { class: "muted small" }, basis));
  }

  return { place: element("div", { class: "judgement" }, earlier, said, counts, apart), show };
}
