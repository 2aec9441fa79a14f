// What is marked of a picture: a mask of its pixels, and a box that is still being drawn.

export const emptyMask = ({ height, width }) => new Uint8Array(height * width);

// The mask with the box in it.
export function wholeMask({ mask, box, width }) {
  const all = mask.slice();
  if (box) for (let row = box.top; row < box.bottom; row++) all.fill(1, row * width + box.left, row * width + box.right);
  return all;
}

export const boxBetween = (one, other) => ({
  left: Math.min(one.column, other.column), right: Math.max(one.column, other.column) + 1,
  top: Math.min(one.row, other.row), bottom: Math.max(one.row, other.row) + 1,
});

export const centreBox = ({ height, width }) => ({ left: Math.floor(width / 3), right: Math.ceil((2 * width) / 3), top: Math.floor(height / 3), bottom: Math.ceil((2 * height) / 3) });

export function movedBox({ box, height, width }, down, right) {
  const y = Math.max(-box.top, Math.min(height - box.bottom, down)), x = Math.max(-box.left, Math.min(width - box.right, right));
  return { left: box.left + x, right: box.right + x, top: box.top + y, bottom: box.bottom + y };
}

export const resizedBox = ({ box, height, width }, down, right) =>
  ({ ...box, bottom: Math.max(box.top + 1, Math.min(height, box.bottom + down)), right: Math.max(box.left + 1, Math.min(width, box.right + right)) });

// Round dabs from one place to the other.
export function dab({ mask, size, height, width }, from, to) {
  const steps = Math.max(1, Math.abs(to.row - from.row), Math.abs(to.column - from.column));
  const radius = size / 2, reach = Math.floor(radius);
  for (let step = 0; step <= steps; step++) {
    const row = Math.round(from.row + ((to.row - from.row) * step) / steps), column = Math.round(from.column + ((to.column - from.column) * step) / steps);
    for (let down = -reach; down <= reach; down++) {
      for (let right = -reach; right <= reach; right++) {
        const y = row + down, x = column + right;
        if (down * down + right * right <= radius * radius && y >= 0 && x >= 0 && y < height && x < width) mask[y * width + x] = 1;
      }
    }
  }
}

// One bit a pixel, row by row, the highest bit first, as base64.
export function packed(mask) {
  const bytes = new Uint8Array(Math.ceil(mask.length / 8));
  for (let place = 0; place < mask.length; place++) if (mask[place]) bytes[place >> 3] |= 128 >> (place & 7);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export function unpacked(bits, count) {
  const text = atob(bits);
  return Uint8Array.from({ length: count }, (_, place) => (text.charCodeAt(place >> 3) >> (7 - (place & 7))) & 1);
}

const SHADE = [15, 142, 156, 150];

// Shades the marked pixels on a canvas of the mask's size, and gives their number.
export function shadePixels(canvas, mask) {
  const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
  let marked = 0;
  for (let place = 0; place < mask.length; place++) {
    if (!mask[place]) continue;
    marked++;
    image.data.set(SHADE, 4 * place);
  }
  context.putImageData(image, 0, 0);
  return marked;
}
