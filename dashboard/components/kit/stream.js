// One EventSource a run, shared by all components of the page: a browser opens only six connections to a host.
// A component that comes late gets all messages from before it came. While the server does not answer, the browser goes
// on asking; when the server answers that it has no such run, the run is gone.

const runs = new Map();
const ENDS = ["done", "cancelled", "failed", "gone"];

export const ended = (job) => ENDS.includes(job?.state);

export function follow(id, listener) {
  const run = runs.get(id) ?? openRun(id);
  run.listeners.add(listener);
  if (run.job) listener(run.messages, run.job);
  return () => {
    run.listeners.delete(listener);
    if (!run.listeners.size) closeRun(run);
  };
}

function openRun(id) {
  const run = { id, messages: [], job: null, listeners: new Set(), maps: new Map() };
  run.source = new EventSource(`/api/jobs/${id}/events`);
  run.source.onmessage = (event) => {
    const { job, events } = JSON.parse(event.data);
    notifyListeners(run, events, job);
  };
  run.source.onerror = () => {
    if (!ended(run.job)) notifyListeners(run, [], { ...run.job, state: run.source.readyState === EventSource.CLOSED ? "gone" : "unreachable" });
  };
  runs.set(id, run);
  return run;
}

function notifyListeners(run, events, job) {
  run.messages.push(...events);
  run.job = job;
  if (ended(job)) run.source.close();
  for (const listener of run.listeners) listener(events, job);
}

function closeRun(run) {
  if (!run.source) return;
  run.source.close();
  if (runs.get(run.id) === run) runs.delete(run.id);
}

// A run as an exported file has it: nothing more will be heard of it, and no other map of it is to be had.
export function replay({ id, messages, job, maps }) {
  const known = Object.entries(maps).map(([address, values]) => [address, Promise.resolve(values)]);
  runs.set(id, { id, messages, job, listeners: new Set(), maps: new Map(known), source: null });
}

// The maps that the page has asked for, by address.
export const mapsAsked = (id) => [...(runs.get(id)?.maps.keys() ?? [])];

// The values of a heatmap, fetched once for all; a rough one may be gone when a finer one took its place.
export function mapOf(id, sequence, form = "") {
  const run = runs.get(id), maps = run?.maps ?? new Map(), address = `/api/jobs/${id}/maps/${sequence}${form}`;
  if (run?.source === null) return maps.get(address) ?? Promise.resolve(null);
  if (!maps.has(address)) {
    maps.set(address, fetch(address)
      .then((answer) => (answer.status === 200 ? answer.arrayBuffer() : null))
      .then((bytes) => bytes && new Float32Array(bytes))
      .catch(() => null));
  }
  return maps.get(address);
}
