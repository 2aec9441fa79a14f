// The points of a run's curves as they come, and what is read from them.

const ORDERS = { mif: "most important first", lif: "least important first", random: "random order" };

const HEADROOM = 1.04;

function makeCurves() {
  const lines = new Map();
  const key = (method, order) => (order === "random" ? "random" : `${method} ${order}`);
  return {
    clear: () => lines.clear(),
    add: (point) => {
      const name = key(point.method, point.order);
      if (!lines.has(name)) lines.set(name, new Map());
      lines.get(name).set(point.fraction, point);
    },
    line: (method, order) => [...(lines.get(key(method, order))?.values() ?? [])].sort((one, other) => one.fraction - other.fraction),
    at: (method, order, fraction) => lines.get(key(method, order))?.get(fraction),
    fractions: (method, order) => [...(lines.get(key(method, order))?.keys() ?? [])].sort((one, other) => one - other),
    span: () => {
      let low = 0, high = 0;
      for (const line of lines.values()) {
        for (const { value, low: bottom, high: top } of line.values()) {
          low = Math.min(low, bottom ?? value);
          high = Math.max(high, top ?? value);
        }
      }
      return [low, HEADROOM * high || 1];
    },
    any: () => lines.size > 0,
  };
}

const nearest = (numbers, wanted) =>
  numbers.reduce((best, number) => (Math.abs(number - wanted) < Math.abs(best - wanted) ? number : best), numbers[0]);
