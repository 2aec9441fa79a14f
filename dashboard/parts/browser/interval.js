// A mean on a line that all of its kind share: the interval as a bar, and a thin mark where chance is.

function spanOf(rows, random) {
  const ends = rows.flatMap(({ mean, low, high }) => [mean, low, high]).filter((value) => value !== null);
  return { low: Math.min(...ends), high: Math.max(...ends), random: random?.mean ?? null };
}

function line(row, { low, high, random }) {
  const at = (value) => `${(100 * (value - low)) / (high - low || 1)}%`;
  const track = element("span", { class: "line", "aria-hidden": "true" });
  if (random !== null) track.append(placed(element("span", { class: "mark" }), at(random)));
  if (row.low !== null) {
    const reach = placed(element("span", { class: "reach" }), at(row.low));
    reach.style.width = `calc(${at(row.high)} - ${at(row.low)})`;
    track.append(reach);
  }
  track.append(placed(element("span", { class: "dot" }), at(row.mean)));
  return track;
}

function placed(made, left) {
  made.style.left = left;
  return made;
}
