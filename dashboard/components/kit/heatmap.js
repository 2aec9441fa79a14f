// One heatmap as numbers: what it spans, which of its pixels are shown, and how they are painted.

import { colourTable } from "./colours.js";

export function measured(values, width) {
  let low = Infinity, high = -Infinity, place = 0;
  for (let index = 0; index < values.length; index++) {
    if (values[index] < low) low = values[index];
    if (values[index] > high) { high = values[index]; place = index; }
  }
  return { values, width, height: values.length / width, low, high, size: Math.max(Math.abs(low), Math.abs(high)), place };
}

// The magnitude at which the colours end: the largest, or the one that 99 % of the pixels stay below.
export function reach(map, range) {
  if (range === "full") return map.size;
  map.clipped ??= map.values.map(Math.abs).sort()[Math.floor(0.99 * (map.values.length - 1))] || map.size;
  return map.clipped;
}

export const bothSigns = (map) => map.low < 0 && map.high > 0;

// What a pixel counts for: with one sign chosen the other is nothing.
function weights(map, sign) {
  if (sign === "both" || !bothSigns(map)) return map.values.map(Math.abs);
  return map.values.map((value) => Math.max(0, sign === "plus" ? value : -value));
}

// The top share of pixels by rank: those above the cut, and as many of those on it as are still missing.
function topShare(weight, share) {
  const count = Math.round(weight.length * share);
  if (count >= weight.length) return { cut: 0, onCut: 0 };
  if (count === 0) return { cut: Infinity, onCut: 0 };
  const cut = weight.slice().sort()[weight.length - count];
  let above = 0;
  for (const value of weight) if (value > cut) above++;
  return { cut, onCut: count - above };
}

export function paint(canvas, map, view, scale) {
  canvas.width = map.width;
  canvas.height = map.height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(map.width, map.height);
  const pixels = new Uint32Array(image.data.buffer);
  const signed = map.low < 0;
  const table = colourTable(view.colours, signed ? "diverging" : "sequential");
  const weight = weights(map, view.sign);
  let { cut, onCut } = topShare(weight, view.share);
  const all = view.share >= 1 && (view.sign === "both" || !bothSigns(map));
  for (let index = 0; index < pixels.length; index++) {
    const shown = all || weight[index] > cut || (weight[index] > 0 && weight[index] === cut && onCut-- > 0);
    if (!shown) continue;
    const part = scale > 0 ? Math.max(-1, Math.min(1, map.values[index] / scale)) : 0;
    pixels[index] = table[signed ? Math.round(127.5 + 127.5 * part) : Math.round(255 * part)];
  }
  context.putImageData(image, 0, 0);
}

// Where the strongest pixel lies, in words.
export function strongestPlace(map) {
  const row = Math.floor(map.place / map.width), column = map.place % map.width;
  const vertical = ["upper", "middle", "lower"][Math.min(2, Math.floor((3 * row) / map.height))];
  const horizontal = ["left", "centre", "right"][Math.min(2, Math.floor((3 * column) / map.width))];
  return `row ${row + 1} of ${map.height}, column ${column + 1} (${vertical} ${horizontal})`;
}
