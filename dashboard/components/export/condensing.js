// Heatmaps in few bytes: whole steps of each map's largest value, as fine as the room for all of them allows.

const ROOM = 2.6e6;
const COARSEST = 4; // three models that see 384 pixels and more: steps that can be seen, and a file that can be sent
const FINEST = 15;

// Bits for each value in a file with this many.
export const bitsFor = (values) => Math.max(COARSEST, Math.min(FINEST, Math.floor((8 * ROOM) / values)));

export async function condense(values, bits) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const step = largest / (2 ** (bits - 1) - 1);
  const bytes = new Uint8Array(2 * values.length);
  values.forEach((value, at) => {
    const steps = Math.round(value / step);
    bytes[at] = steps & 255;
    bytes[values.length + at] = (steps >> 8) & 255;
  });
  return { step, bytes: await dataAddress(await sentThrough(new Blob([bytes]).stream(), CompressionStream).blob()) };
}

export async function expand({ step, bytes }) {
  const read = new Int8Array(await sentThrough((await fetch(bytes)).body, DecompressionStream).arrayBuffer());
  const count = read.length / 2;
  return Float32Array.from({ length: count }, (_, at) => step * (read[count + at] * 256 + (read[at] & 255)));
}

const sentThrough = (stream, Change) => new Response(stream.pipeThrough(new Change("deflate-raw")));

export const dataAddress = (blob) => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.onerror = () => failed(reader.error);
  reader.readAsDataURL(blob);
});
