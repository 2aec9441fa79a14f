// The curves, drawn into one SVG that stays where it is: solid where the most important pixels go first, dashed where
// the least important do, a band for random orders.

const EDGE = { left: 44, right: 12, top: 10, bottom: 38 };
const HEIGHT = 300;

function makePlot() {
  const place = drawn("svg", { class: "plot", height: HEIGHT, role: "img", "aria-label": "Curves to come" });
  return { place, draw: (picture) => place.replaceChildren(...layers(picture, place)) };
}

function layers({ curves, methods, colours, fraction, yName, unit, summary }, place) {
  const width = Math.max(260, place.clientWidth || 600);
  place.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  place.setAttribute("aria-label", summary);
  const [low, high] = curves.span();
  const x = (share) => EDGE.left + share * (width - EDGE.left - EDGE.right);
  const y = (value) => EDGE.top + ((high - value) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const quiet = methods.filter(({ name }) => !colours.has(name));
  const loud = methods.filter(({ name }) => colours.has(name));
  return [
    ...axes(x, y, low, high, width, yName, unit),
    ...band(curves.line("", "random"), x, y),
    ...quiet.flatMap(({ name }) => pairOf(curves, name, x, y, "quiet", "currentColor")),
    ...loud.flatMap(({ name }) => pairOf(curves, name, x, y, "loud", colours.get(name))),
    drawn("line", { class: "cursor", x1: x(fraction), x2: x(fraction), y1: EDGE.top, y2: HEIGHT - EDGE.bottom }),
    ...loud.flatMap(({ name }) => marks(curves, name, fraction, x, y, colours.get(name))),
  ];
}

function axes(x, y, low, high, width, yName, unit) {
  const ticks = niceTicks(low, high);
  return [
    ...ticks.flatMap((value) => [
      drawn("line", { class: "rule", x1: x(0), x2: x(1), y1: y(value), y2: y(value) }),
      drawn("text", { class: "tick", x: x(0) - 7, y: y(value) + 4, "text-anchor": "end" }, short(value)),
    ]),
    ...[0, 0.25, 0.5, 0.75, 1].map((share) =>
      drawn("text", { class: "tick", x: x(share), y: HEIGHT - EDGE.bottom + 16, "text-anchor": share === 1 ? "end" : "middle" }, percent(share))),
    drawn("text", { class: "tick", x: x(0.5), y: HEIGHT - 4, "text-anchor": "middle" }, unit),
    drawn("text", { class: "tick", x: width - EDGE.right, y: EDGE.top + 11, "text-anchor": "end" }, yName),
  ];
}

const points = (line, x, y, read = (point) => point.value) => line.map((point) => `${x(point.fraction).toFixed(1)},${y(read(point)).toFixed(1)}`);

function band(line, x, y) {
  if (line.length < 2) return [];
  const around = [...points(line, x, y, ({ low, value }) => low ?? value), ...points(line, x, y, ({ high, value }) => high ?? value).reverse()];
  return [drawn("polygon", { class: "band", points: around.join(" ") }), drawn("polyline", { class: "middle", points: points(line, x, y).join(" ") })];
}

const pairOf = (curves, name, x, y, emphasis, stroke) => ["mif", "lif"].map((order) =>
  drawn("polyline", { class: `line ${emphasis} ${order}`, "data-method": name, "data-order": order, stroke, points: points(curves.line(name, order), x, y).join(" ") }));

const marks = (curves, name, fraction, x, y, fill) => ["mif", "lif"]
  .map((order) => curves.at(name, order, fraction))
  .filter(Boolean)
  .map((point) => drawn("circle", { class: "mark", cx: x(fraction), cy: y(point.value), r: 3.5, fill }));
