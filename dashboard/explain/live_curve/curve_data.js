// The points of a run's curves as they come, and what is read from them.

const HEADROOM = 1.04;
const SEEN = 0.02;
export const ORDERS = { mif: "most important first", lif: "least important first", random: "random order" };
export const BY_IMPORTANCE = ["mif", "lif"];

export function makeCurves() {
  const lines = new Map();
  const key = (method, order) => (order === "random" ? "random" : `${method} ${order}`);
  const points = (method, order) => lines.get(key(method, order)) ?? new Map();

  function ends() {
    let low = 0, high = 0;
    for (const line of lines.values()) {
      for (const point of line.values()) {
        low = Math.min(low, point.low ?? point.value);
        high = Math.max(high, point.high ?? point.value);
      }
    }
    return [low, HEADROOM * high || 1];
  }

  // Whether the curves of two methods can be distinguished by eye; those that have no points yet may come to.
  function differ(one, other) {
    const [low, high] = ends();
    return BY_IMPORTANCE.some((order) => {
      const these = points(one, order), those = points(other, order);
      return !these.size || !those.size || [...these].some(([fraction, { value }]) => Math.abs(value - (those.get(fraction)?.value ?? value)) > SEEN * (high - low));
    });
  }

  return {
    clear: () => lines.clear(),
    add: (point) => {
      const name = key(point.method, point.order);
      if (!lines.has(name)) lines.set(name, new Map());
      lines.get(name).set(point.fraction, point);
    },
    line: (method, order) => [...points(method, order).values()].sort((one, other) => one.fraction - other.fraction),
    at: (method, order, fraction) => points(method, order).get(fraction),
    fractions: (method, order) => [...points(method, order).keys()].sort((one, other) => one - other),
    ends,
    differ,
    any: () => lines.size > 0,
  };
}

// Two standard deviations from a mean near 0 or 1 reach beyond what a probability can be.
export const asProbability = (point) => (point.low === null ? point : { ...point, low: Math.max(0, point.low), high: Math.min(1, point.high) });

export const nearestTo = (wanted, numbers) =>
  numbers.reduce((best, number) => (Math.abs(number - wanted) < Math.abs(best - wanted) ? number : best), numbers[0]);
