// Colour maps that people with any kind of colour vision can read: sequential for maps without a sign,
// diverging around zero for maps with one.

export const COLOURS = {
  inferno: {
    name: "Inferno, blue to red",
    sequential: ["#000004", "#210c4a", "#57106e", "#8a226a", "#bc3754", "#e45a31", "#f98e09", "#f9cb35", "#fcffa4"],
    diverging: ["#053061", "#2166ac", "#4393c3", "#92c5de", "#f7f7f7", "#f4a582", "#d6604d", "#b2182b", "#67001f"],
  },
  viridis: {
    name: "Viridis, purple to orange",
    sequential: ["#440154", "#472c7a", "#3b518b", "#2c718e", "#21908d", "#27ad81", "#5cc863", "#aadc32", "#fde725"],
    diverging: ["#2d004b", "#542788", "#8073ac", "#b2abd2", "#f7f7f7", "#fdb863", "#e08214", "#b35806", "#7f3b08"],
  },
  cividis: {
    name: "Cividis, teal to brown",
    sequential: ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#fee838"],
    diverging: ["#003c30", "#01665e", "#35978f", "#80cdc1", "#f5f5f5", "#dfc27d", "#bf812d", "#8c510a", "#543005"],
  },
  grey: {
    name: "Grey, blue to red",
    sequential: ["#000000", "#202020", "#404040", "#606060", "#808080", "#a0a0a0", "#c0c0c0", "#e0e0e0", "#ffffff"],
    diverging: ["#053061", "#2166ac", "#4393c3", "#92c5de", "#f7f7f7", "#f4a582", "#d6604d", "#b2182b", "#67001f"],
  },
};

const interpolated = new Map();

// 256 colours, each as one number in the byte order of ImageData.
export function colourTable(scheme, kind) {
  const key = `${scheme} ${kind}`;
  if (!interpolated.has(key)) interpolated.set(key, interpolate(COLOURS[scheme][kind].map(channels)));
  return interpolated.get(key);
}

const channels = (hex) => [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));

function interpolate(anchors) {
  return Uint32Array.from({ length: 256 }, (_, step) => {
    const place = (step / 255) * (anchors.length - 1);
    const low = Math.min(Math.floor(place), anchors.length - 2);
    const [red, green, blue] = anchors[low].map((value, channel) => Math.round(value + (place - low) * (anchors[low + 1][channel] - value)));
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

export const gradient = (scheme, kind, from = 0) => `linear-gradient(to right, ${COLOURS[scheme][kind].slice(from).join(", ")})`;

// Of a background as wide as the element, that part from one share to another, drawn as wide as the element.
export function showPart(place, from, to) {
  const part = Math.max(to - from, 0.01);
  place.style.backgroundSize = `${100 / part}% 100%`;
  place.style.backgroundPositionX = `${part < 1 ? (100 * from) / (1 - part) : 0}%`;
}

// A colour of a diverging map as a style has it, from -1 to 1, and that of words on it: black or white, whichever
// contrasts more; one of them always does by more than 4.5 to 1.
export function divergingColour(scheme, value) {
  const packed = colourTable(scheme, "diverging")[Math.round(127.5 + 127.5 * Math.max(-1, Math.min(1, value)))];
  const [red, green, blue] = [packed & 255, (packed >> 8) & 255, (packed >> 16) & 255];
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  return { colour: `rgb(${red} ${green} ${blue})`, words: luminance > 0.179 ? "#000000" : "#ffffff" };
}

// The light of a channel, as WCAG has it.
const linear = (channel) => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4);
