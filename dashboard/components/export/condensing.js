// Heatmaps in few bytes: whole steps of each map's largest value, as fine as the room for all of them allows, and where
// not even coarse steps would fit, one value for a block of pixels.

const ROOM = 2.6e6; // bytes, so that a file can be sent
const FEWEST = 2, COARSEST = 6, FINEST = 15; // bits
const BITS_OF_A_BYTE = 8;
const LARGEST = 8; // pixels along a block

// Bits for each value of these maps, and pixels along a block. Small maps come without their width, and stay as they are.
export function formFor(maps) {
  const counted = (side) => maps.reduce((sum, { values, width }) => sum + values.length / (width ? side ** 2 : 1), 0);
  const bitsIn = (side) => Math.floor((8 * ROOM) / counted(side));
  let side = 1;
  while (bitsIn(side) < COARSEST && side < LARGEST) side += 1;
  return { side, bits: Math.max(FEWEST, Math.min(FINEST, bitsIn(side))) };
}

// What a reader of the file has to know of it; nothing where the maps are as fine as on the page.
export const coarseness = ({ side, bits }) => (side === 1 && bits > BITS_OF_A_BYTE ? ""
  : `To keep this file small, its heatmaps have ${2 ** (bits - 1) - 1} levels${side > 1 ? ` for blocks of ${side} × ${side} pixels` : ""}. All scores are of the full heatmaps.`);

export async function condense({ values, width }, { side, bits }) {
  const blocks = width && side > 1 ? { side, width, length: values.length } : null;
  const kept = blocks ? means(values, blocks) : values;
  const largest = kept.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const step = largest / (2 ** (bits - 1) - 1);
  const wide = bits > BITS_OF_A_BYTE;
  const bytes = new Uint8Array((wide ? 2 : 1) * kept.length);
  kept.forEach((value, at) => {
    const steps = Math.round(value / step);
    bytes[at] = steps & 255;
    if (wide) bytes[kept.length + at] = (steps >> 8) & 255;
  });
  return { step, blocks, wide, bytes: await dataAddress(await sentThrough(new Blob([bytes]).stream(), CompressionStream).blob()) };
}

export async function expand({ step, blocks, wide, bytes }) {
  const read = new Int8Array(await sentThrough((await fetch(bytes)).body, DecompressionStream).arrayBuffer());
  const count = wide ? read.length / 2 : read.length;
  const valueAt = (at) => step * (wide ? read[count + at] * 256 + (read[at] & 255) : read[at]);
  return Float32Array.from({ length: blocks?.length ?? count }, (_, at) => valueAt(blocks ? blockOf(at, blocks) : at));
}

// The block that a pixel lies in; those at the right and the lower edge may be cut.
const blockOf = (at, { side, width }) => Math.ceil(width / side) * Math.floor(at / width / side) + Math.floor((at % width) / side);

function means(values, blocks) {
  const count = blockOf(values.length - 1, blocks) + 1, sums = new Float32Array(count), sizes = new Uint32Array(count);
  values.forEach((value, at) => {
    sums[blockOf(at, blocks)] += value;
    sizes[blockOf(at, blocks)] += 1;
  });
  return sums.map((sum, block) => sum / sizes[block]);
}

const sentThrough = (stream, Change) => new Response(stream.pipeThrough(new Change("deflate-raw")));

export const dataAddress = (blob) => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.onerror = () => failed(reader.error);
  reader.readAsDataURL(blob);
});
