// The area between two curves of a method, such as its own and that of the random control, in a table.

import { intervalBar } from "./chart.js";
import { element } from "./dom.js";
import { between, fixed } from "./numbers.js";
import { cell } from "./table.js";

export const areaCell = (area, extent) => cell([
  element("span", { class: "mean" }, intervalBar(area, extent), fixed(area.mean)),
  element("span", { class: "interval muted" }, area.low === null ? "one picture" : between(area.low, area.high)),
]);
