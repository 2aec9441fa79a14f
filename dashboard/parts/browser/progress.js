// How far a run is: what it does now, how often the model was asked, seconds. Tells the script when the run has ended.

const instances = new WeakMap();
const FOR_HEATMAPS = 0.4;

export default function ({ data, parentElement, setTriggerValue }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  state.methods = data.methods;
  state.title = data.title;
  state.ended = () => data.running && setTriggerValue("ended", data.run);
  followOnly(state, data.run, () => begin(state), (messages, job) => take(state, messages, job));
  return whenGone(parentElement, () => { state.unfollow?.(); clearInterval(state.clock); });
}

function mount(parentElement) {
  const root = parentElement.querySelector(".root");
  const state = { filled: element("span", { class: "filled" }), words: element("p", { class: "muted" }), news: element("span", { class: "hidden", role: "status" }) };
  state.track = element("div", { class: "track", role: "progressbar", "aria-label": "Progress of the run", "aria-valuemin": 0, "aria-valuemax": 100 }, state.filled);
  root.replaceChildren(state.track, state.words, state.news);
  state.clock = setInterval(() => state.job?.state === "running" && showWords(state), 250);
  instances.set(parentElement, state);
  return state;
}

function begin(state) {
  Object.assign(state, { done: 0, total: 0, what: "", heatmaps: new Map(), refused: 0, curves: new Set(), job: null, toldEnd: false });
  show(state);
}

function take(state, messages, job) {
  for (const message of messages) {
    if (message.kind === "progress") Object.assign(state, { done: message.done, total: message.total, what: message.what });
    if (message.kind === "heatmap" && message.final) state.heatmaps.set(message.method, message.forward);
    if (message.kind === "refused") state.refused++;
    if (message.kind === "curve" && message.order !== "random") state.curves.add(`${message.method} ${message.order}`);
  }
  state.job = job;
  state.toldAt = performance.now();
  show(state);
  if (ENDED.includes(job.state) && !state.toldEnd) {
    state.toldEnd = true;
    state.news.textContent = state.words.textContent;
    state.ended();
  }
}

function show(state) {
  const over = ENDED.includes(state.job?.state);
  const share = shareDone(state);
  state.filled.style.width = `${100 * share}%`;
  state.track.setAttribute("aria-valuenow", Math.round(100 * share));
  state.track.dataset.over = state.job ? over : "none";
  showWords(state);
}

function showWords(state) {
  state.words.textContent = words(state);
}

// Heatmaps come first, and take the first part of the bar.
function shareDone({ job, heatmaps, refused, methods, curves, done, total }) {
  if (job?.state === "done") return 1;
  return curves.size ? FOR_HEATMAPS + (1 - FOR_HEATMAPS) * (done / (total || 1)) : FOR_HEATMAPS * ((heatmaps.size + refused) / (methods || 1));
}

const brief = (what) => what.split(", ").slice(0, 2).join(", ") + (what.split(", ").length > 2 ? " and more" : "");

const words = (state) => [state.title, state.job && course(state)].filter(Boolean).join(": ");

function course({ job, heatmaps, curves, done, total, what, toldAt, methods }) {
  if (job.state === "gone") return "The server no longer keeps this run, or can't be reached.";
  if (job.state === "queued") return "Waiting for its turn.";
  const seconds = job.seconds + (job.state === "running" ? (performance.now() - toldAt) / 1000 : 0);
  const asked = [...heatmaps.values()].reduce((sum, count) => sum + count, curves.size ? done : 0);
  if (job.state === "running") {
    const part = curves.size ? `model asked ${done.toLocaleString("en")} of ${counted(total, "time")}` : `${heatmaps.size} of ${counted(methods, "heatmap")}`;
    return [brief(what) || "Starting", part, `${Math.floor(seconds)}\u00a0s`].join(" · ");
  }
  const made = [counted(heatmaps.size, "heatmap"), curves.size ? counted(curves.size, "curve") : "", asked ? `model asked ${counted(asked, "time")}` : "", `${seconds.toFixed(1)}\u00a0s`];
  const end = { done: "", cancelled: "Cancelled; what was computed stays.", failed: job.error }[job.state];
  return [end, made.filter(Boolean).join(" · ")].filter(Boolean).join(" ");
}
