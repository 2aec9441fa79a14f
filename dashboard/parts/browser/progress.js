// How far a job is: what it does now, how often the model was asked, seconds. Tells the script when the job has ended.

const instances = new WeakMap();
const FOR_HEATMAPS = 0.4, FOR_SCORES = 0.25;

export default function ({ data, parentElement, setTriggerValue }) {
  if (overtaken(parentElement, data)) return undefined;
  const state = instances.get(parentElement) ?? mount(parentElement);
  Object.assign(state, { methods: data.methods, further: data.further });
  state.title = data.title;
  state.counts = COUNTS[data.counts];
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
  Object.assign(state, { done: 0, total: 0, asked: 0, scored: new Set(), judging: false, what: "", heatmaps: new Map(), refused: 0, curves: new Set(), pictures: 0, allPictures: 0, checked: 0, refusedPictures: 0, workAt: 0, cells: 0, allCells: 0, maps: 0, networks: 0, job: null, toldEnd: false });
  show(state);
}

function take(state, messages, job) {
  for (const message of messages) {
    if (message.kind === "progress") receiveProgress(state, message, job);
    if (message.kind === "fidelity" && message.final) state.judging = true;
    if (message.kind === "scores") state.scored.add(message.method);
    if (message.kind === "heatmap" && message.final) state.heatmaps.set(message.method, message.forward);
    if (message.kind === "refused") state.refused++;
    if (message.kind === "curve" && message.order !== "random") state.curves.add(`${message.method} ${message.order}`);
    if (message.kind === "sweep") Object.assign(state, { cells: message.done, allCells: message.total, cellAt: job.seconds });
    if (message.kind === "stages") state.networks = message.stages.length * message.draws;
    if (message.kind === "stage") state.maps++;
    if (message.kind === "picture") Object.assign(state, { pictures: message.done, allPictures: message.total, pictureAt: job.seconds, checked: state.checked + 1 });
    if (message.kind === "picture_refused") state.refusedPictures++;
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

// Of one picture the curves come before further scores, which count something else.
function receiveProgress(state, { done, total, what }, job) {
  if (done !== state.done) state.workAt = job.seconds;
  Object.assign(state, { done, total, what });
  if (!state.judging && state.curves.size) state.asked = done;
}

function show(state) {
  const over = ENDED.includes(state.job?.state);
  const share = state.job?.state === "done" ? 1 : state.counts.share(state);
  state.filled.style.width = `${100 * share}%`;
  state.track.setAttribute("aria-valuenow", Math.round(100 * share));
  state.track.dataset.over = state.job ? over : "none";
  showWords(state);
}

function showWords(state) {
  state.words.textContent = [state.title, state.job && course(state)].filter(Boolean).join(": ");
}

function course(state) {
  const { job, counts, what } = state;
  if (job.state === "gone") return "The server no longer keeps this run, or can't be reached.";
  if (job.state === "queued") return "Waiting for its turn.";
  const seconds = job.seconds + (job.state === "running" ? (performance.now() - state.toldAt) / 1000 : 0);
  if (job.state === "running") return [brief(what) || "Starting", ...counts.now(state, seconds), `${Math.floor(seconds)}\u00a0s`].join(" · ");
  const end = { done: "", cancelled: "Cancelled; what was computed stays.", failed: job.error }[job.state];
  return [end, [...counts.made(state), `${seconds.toFixed(1)}\u00a0s`].join(" · ")].filter(Boolean).join(" ");
}

const brief = (what) => what.split(", ").slice(0, 2).join(", ") + (what.split(", ").length > 2 ? " and more" : "");

// What is counted: how far it is as a share, what is said while it runs, and what when it has ended.
const COUNTS = {
  // Heatmaps come first, then curves, then further scores; each takes its part of the bar.
  heatmaps: {
    share: ({ heatmaps, refused, methods, further, curves, judging, scored, done, total }) => {
      const forScores = further ? FOR_SCORES : 0;
      if (judging) return 1 - forScores * (1 - scored.size / (heatmaps.size || 1));
      return curves.size ? FOR_HEATMAPS + (1 - FOR_HEATMAPS - forScores) * (done / (total || 1)) : FOR_HEATMAPS * ((heatmaps.size + refused) / (methods || 1));
    },
    now: ({ heatmaps, methods, curves, judging, scored, done, total }) => {
      if (judging) return [`further scores of ${scored.size} of ${counted(heatmaps.size, "heatmap")}`];
      return [curves.size ? `model asked ${done.toLocaleString("en")} of ${counted(total, "time")}` : `${heatmaps.size} of ${counted(methods, "heatmap")}`];
    },
    made: ({ heatmaps, curves, asked }) => {
      const all = [...heatmaps.values()].reduce((sum, count) => sum + count, asked);
      return [counted(heatmaps.size, "heatmap"), curves.size ? counted(curves.size, "curve") : "", all ? `model asked ${counted(all, "time")}` : ""].filter(Boolean);
    },
  },
  pictures: {
    share: ({ pictures, allPictures, done, total }) => Math.max(pictures / (allPictures || 1), done / (total || 1)),
    now: (state, seconds) => {
      const { pictures, allPictures, pictureAt } = state;
      return pictures ? [`${pictures} of ${counted(allPictures, "picture")}`, timeLeft((pictureAt / pictures) * allPictures - seconds)] : ["the first picture", ...workLeft(state, seconds)];
    },
    made: ({ checked, allPictures, refusedPictures }) => (allPictures ? [`${checked} of ${counted(allPictures, "picture")}`, refusedPictures ? `${refusedPictures} refused` : ""].filter(Boolean) : []),
  },
  steps: {
    share: ({ done, total }) => done / (total || 1),
    now: ({ done, total }) => (total && done ? [percent(done / total)] : []),
    made: () => [],
  },
  cells: {
    share: ({ cells, allCells }) => cells / (allCells || 1),
    now: ({ cells, allCells, cellAt }, seconds) => (cells ? [`${cells} of ${counted(allCells, "cell")}`, timeLeft((cellAt / cells) * allCells - seconds)] : ["the first cell"]),
    made: ({ cells, allCells }) => (allCells ? [`${cells} of ${counted(allCells, "cell")}`] : []),
  },
  // A method that is refused has no maps of any network.
  maps: {
    share: ({ maps, networks, methods, refused }) => maps / (networks * (methods - refused) || 1),
    now: (state, seconds) => (state.networks ? [`${state.maps} of ${counted(state.networks * (state.methods - state.refused), "map")}`, ...workLeft(state, seconds)] : []),
    made: ({ maps }) => [counted(maps, "map")],
  },
  scored: {
    share: ({ scored, refused, methods }) => (scored.size + refused) / (methods || 1),
    now: ({ scored, methods }) => [`${scored.size} of ${counted(methods, "heatmap")}`],
    made: ({ scored }) => [counted(scored.size, "heatmap")],
  },
  answers: {
    share: ({ done, total }) => done / (total || 1),
    now: (state, seconds) => (state.total && state.done ? [percent(state.done / state.total), ...workLeft(state, seconds)] : []),
    made: () => [],
  },
};

// By what the job itself tells of its steps, as soon as one is done.
const workLeft = ({ done, total, workAt }, seconds) => (done ? [timeLeft((workAt / done) * total - seconds)] : []);
const timeLeft = (seconds) => (seconds < 1 ? "almost done" : seconds < 90 ? `about ${Math.ceil(seconds)}\u00a0s left` : `about ${Math.ceil(seconds / 60)}\u00a0min left`);
