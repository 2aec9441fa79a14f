// What a paper found, and whether it shows here.

import { element, sign } from "../components/kit/dom.js";
import { capital } from "../components/kit/numbers.js";

const FINDING_SIGNS = { reproduced: "✓", "not reproduced": "✗", undecided: "–" };

export const findingItem = ({ claim, finding, why }) => element("li", { "data-finding": finding },
  element("span", { class: "finding" }, sign(FINDING_SIGNS[finding]), capital(finding)),
  element("span", {}, claim, element("span", { class: "muted small why" }, why)));
