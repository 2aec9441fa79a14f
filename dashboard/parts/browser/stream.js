// One EventSource a run, shared by all components of the page: a browser opens only six connections to a host.
// A component that comes late is told everything that was said before it came.

const runs = (window.heatcheckRuns ??= new Map());
const ENDED = ["done", "cancelled", "failed", "gone"];

function follow(id, listener) {
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
    tell(run, events, job);
  };
  run.source.onerror = () => {
    if (run.source.readyState === EventSource.CLOSED && !ENDED.includes(run.job?.state)) tell(run, [], { state: "gone", seconds: 0 });
  };
  runs.set(id, run);
  return run;
}

function tell(run, events, job) {
  run.messages.push(...events);
  run.job = job;
  if (ENDED.includes(job.state)) run.source.close();
  for (const listener of run.listeners) listener(events, job);
}

function closeRun(run) {
  run.source.close();
  if (runs.get(run.id) === run) runs.delete(run.id);
}

// The values of a heatmap, fetched once for all; a rough one may be gone when a finer one took its place.
function mapOf(id, sequence, form = "") {
  const maps = runs.get(id)?.maps ?? new Map(), address = `/api/jobs/${id}/maps/${sequence}${form}`;
  if (!maps.has(address)) {
    maps.set(address, fetch(address)
      .then((answer) => (answer.status === 200 ? answer.arrayBuffer() : null))
      .then((bytes) => bytes && new Float32Array(bytes))
      .catch(() => null));
  }
  return maps.get(address);
}

// Follows the run that the data names for as long as it names it; `begin` clears what an earlier run left.
function followOnly(state, id, begin, listener) {
  if (state.following === id) return;
  state.unfollow?.();
  state.following = id;
  begin();
  state.unfollow = id ? follow(id, listener) : undefined;
}
