// Numbers, written for a reader.

const minus = (text) => text.replaceAll("-", "−");
export const fixed = (value, digits = 2) => minus((Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toFixed(digits));
// Decimals that tell the marks of an axis between these ends apart.
export const digitsFor = ([low, high]) => Math.max(0, Math.min(4, 1 - Math.floor(Math.log10((high - low) / 2))));
export const percent = (share) => minus(`${Math.round(share * 100)} %`);
export const between = (low, high) => `${fixed(low)} to ${fixed(high)}`;
export const withSpread = (value, spread) => (spread === null || spread === undefined ? fixed(value) : `${fixed(value)} ± ${fixed(spread)}`);
export const likelihood = (probability) => (probability < 0.01 ? "< 0.01" : fixed(probability));
export const counted = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
export const soFar = (sentence) => `So far: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
export const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

export function short(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 10 && size < 10000) return minus(value.toFixed(0));
  if (size >= 0.001 && size < 10) return minus(value.toPrecision(2));
  const [digits, power] = value.toExponential(1).split("e");
  return minus(`${digits}e${Number(power)}`);
}

// A measured duration, written as the engine writes it.
export function lasting(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)}\u00a0s`;
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60);
  if (whole < 90) return `${whole}\u00a0s`;
  if (minutes < 90) return `${minutes}\u00a0min ${whole % 60}\u00a0s`;
  return `${Math.floor(minutes / 60)}\u00a0h ${minutes % 60}\u00a0min`;
}

// A share that has to reach 99 % is not shown by whole percents; rounded down, what is not quite enough never looks as if
// it were.
export function exactly(share) {
  if (share === null) return "–";
  const tenths = Math.floor(share * 1000 + 1e-6) / 10;
  return `${Number.isInteger(tenths) ? tenths : tenths.toFixed(1)}\u00a0%`;
}
