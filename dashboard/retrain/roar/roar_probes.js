// What blurring or dilating the maps changes, a sentence for each method and probe.

import { element } from "../../components/kit/dom.js";
import { methodLabel } from "../../components/kit/table.js";

const WHY_PROBES = "A map that is computed from another one tells no more about the network. Where it changes the area, the area depends on the map's shape.";

export function makeProbes() {
  const listed = element("ul", {});
  const place = element("section", { class: "probes", hidden: true }, element("h2", {}, "Blurred and dilated maps"), element("p", { class: "muted small" }, WHY_PROBES), listed);
  return {
    place,
    show(methods, findings) {
      place.hidden = !findings.length;
      listed.replaceChildren(...findings.map(({ method, probe, why }) => element("li", { "data-method": method, "data-probe": probe }, element("strong", {}, `${methodLabel(methods, method)}: `), why)));
    },
  };
}
