// How things are shown, kept in the address beside what Streamlit keeps there, without a run of the script.
//
// Streamlit writes the whole query anew whenever its script sets a part of it, from what its server knew of the query when
// the script began; what was written here since would be lost. It is therefore put back after every change of the address.
// Only values that differ from what everybody sees at first are written, by name: view=colours-viridis_opacity-0.3. The
// order in which the modules came would give one view two addresses.

const NAME = "view";
const PAUSE = 200;
const kept = new Map();
let inFile = false;
const unclaimed = new Map((new URLSearchParams(location.search).get(NAME) || undefined)?.split("_").map((part) => part.split("-")));
let waiting;

// `defaults` say by name what is kept, and `allows` which values there are; the same object comes back with what the
// address says instead, where that is allowed.
export function keptInAddress(defaults, allows) {
  for (const [name, value] of Object.entries(defaults)) {
    kept.set(name, { holder: defaults, value });
    if (!unclaimed.has(name)) continue;
    const asked = typeof value === "number" ? Number(unclaimed.get(name)) : unclaimed.get(name);
    unclaimed.delete(name);
    if (allows[name](asked)) defaults[name] = asked;
  }
  return defaults;
}

// To be called when something that is kept has changed; while a slider moves, the address waits until it rests.
export function noteChange() {
  clearTimeout(waiting);
  waiting = setTimeout(writeAddress, PAUSE);
}

// What is kept, by name: an exported file takes it along, and opens with it; its own address says nothing.
export const keptNow = () => Object.fromEntries([...kept].map(([name, { holder }]) => [name, holder[name]]));

export function openWith(values) {
  inFile = true;
  for (const [name, value] of Object.entries(values)) {
    if (kept.has(name)) kept.get(name).holder[name] = value;
    else unclaimed.set(name, value);
  }
}

function writeAddress() {
  if (inFile) return;
  const changed = [...kept].filter(([name, { holder, value }]) => holder[name] !== value).map(([name, { holder }]) => [name, holder[name]]);
  const shown = [...unclaimed, ...changed].map(([name, value]) => `${name}-${value}`).sort().join("_");
  const address = new URL(location.href);
  if ((address.searchParams.get(NAME) ?? "") === shown) return;
  if (shown) address.searchParams.set(NAME, shown);
  else address.searchParams.delete(NAME);
  history.replaceState(history.state, "", address);
}

globalThis.navigation?.addEventListener("currententrychange", writeAddress);
