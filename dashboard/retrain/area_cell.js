// The area between a method's curve and that of the random control, in a table.

import { intervalBar } from "../components/kit/chart.js";
import { element } from "../components/kit/dom.js";
import { between, fixed } from "../components/kit/numbers.js";
import { cell } from "../components/kit/table.js";

export const areaCell = (area, extent) => cell([
  element("span", { class: "mean" }, intervalBar(area, extent), fixed(area.mean)),
  element("span", { class: "interval muted" }, area.low === null ? "one picture" : between(area.low, area.high)),
]);
