// What a paper found, and whether it shows here.

import { element, sign } from "../components/kit/dom.js";
import { capital } from "../components/kit/numbers.js";

const FINDING_SIGNS = { reproduced: "✓", "not reproduced": "✗", undecided: "–" };
const PAPERS_RUN = "Hooker et al. 2019 retrained a ResNet-50 on ImageNet for every method and share. Whether each finding shows here (“not reproduced” needs a difference that is significant after Holm's correction for all of its comparisons):";

export function makeFindings() {
  const listed = element("ul", { class: "findings" });
  const place = element("section", { class: "paper" }, element("h2", {}, "What the paper found"), element("p", { class: "muted small" }, PAPERS_RUN), listed);
  return {
    place,
    show(directions) {
      place.hidden = !directions.length;
      listed.replaceChildren(...directions.map(findingItem));
    },
  };
}

const findingItem = ({ claim, finding, why, leak_decides: leaky }) => element("li", { "data-finding": finding },
  element("span", { class: "finding" }, sign(FINDING_SIGNS[finding]), capital(finding), leaky ? element("span", { class: "muted small why" }, "the leak decides") : null),
  element("span", {}, claim, element("span", { class: "muted small why" }, why)));
