// What the three networks learned, and how.

import { level, line, scale } from "../../components/kit/chart.js";
import { drawn } from "../../components/kit/dom.js";
import { table } from "../../components/kit/table.js";

const SPARK = { width: 144, height: 28 };
const HEADS = ["Training accuracy", "Test accuracy (chance 10 %)"];

export function networksTable({ roles, enough }, epochs, ready) {
  const known = new Map((ready?.learned ?? []).map((each) => [each.role, each]));
  return table({
    kind: "networks", caption: "What the networks learned",
    heads: ["Network", ...(epochs.size ? ["Learning curve"] : []), ...HEADS],
    rows: Object.entries(roles).map(([role, title]) => {
      const past = epochs.get(role) ?? [], last = known.get(role) ?? past.at(-1);
      return [{ "data-role": role }, title, ...(epochs.size ? [spark(past, title, enough)] : []), last ? toTenths(last.accuracy) : "…", last ? toTenths(last.held_out) : "…"];
    }),
  });
}

const toTenths = (share) => `${(100 * share).toFixed(1)} %`;

// The training accuracy epoch by epoch; dotted what the check needs.
function spark(past, title, enough) {
  const { width, height } = SPARK, last = past.at(-1);
  const to = { left: 0, right: width, x: scale(1, Math.max(2, last?.epochs ?? 0), 0, width), y: scale(0, 1, height, 0) };
  const words = last ? `${title}, epoch ${last.epoch} of ${last.epochs}: training accuracy ${toTenths(last.accuracy)}` : `${title}: not started`;
  return drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words },
    level(to, enough, "least"), line(to, past.map(({ epoch, accuracy }) => [epoch, accuracy])));
}
