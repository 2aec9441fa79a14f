// How far a job is: what it does now, how much of how much, and how long that may still take; or why it waits.
// Triggers the script when the job has ended.

import { element } from "../kit/dom.js";
import { component } from "../kit/frame.js";
import { counted } from "../kit/numbers.js";
import { ended } from "../kit/stream.js";

const CLOCK = 250;
const MANY = { pass: "passes" };
const WAITING_FOR_WORDS = 0.5;
const CONNECTED = "[data-testid=stApp][data-test-connection-state=CONNECTED]";

export default component({
  aside: true,

  mount(state) {
    state.filled = element("span", { class: "filled" });
    state.track = element("div", { class: "track", role: "progressbar", "aria-label": "Progress of the run", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 }, state.filled);
    state.words = element("p", { class: "muted" });
    state.news = element("span", { class: "hidden", role: "status" });
    state.clock = setInterval(() => {
      if (state.job?.state === "running") state.redraw();
      tellEnd(state);
    }, CLOCK);
    return [state.track, state.words, state.news];
  },

  begin: (state) => Object.assign(state, { progress: null, from: { done: 0, seconds: 0 }, endTold: false }),

  take: {
    // Where a part begins that counts something else, its pace is its own.
    Progress(state, message) {
      const before = state.progress, { seconds } = state.job;
      if (before && (message.unit !== before.unit || message.done < before.done)) state.from = { done: message.done, seconds };
      state.progress = { ...message, seconds };
    },
  },

  heard(state) {
    state.heardAt = performance.now();
    if (ended(state.job)) state.news.textContent = wordsNow(state);
    tellEnd(state);
  },

  render(state) {
    const { job, progress, track, filled } = state;
    const share = 100 * (job?.state === "done" ? 1 : shareOf(progress));
    filled.style.width = `${share}%`;
    track.setAttribute("aria-valuenow", Math.round(share));
    track.dataset.over = job ? ended(job) : "none";
    state.words.textContent = wordsNow(state);
  },

  end: (state) => clearInterval(state.clock),
});

// After a restart of the server this run's messages may be back before Streamlit's own connection, which loses what it is
// given until then.
function tellEnd(state) {
  if (state.endTold || !ended(state.job) || !document.querySelector(CONNECTED)) return;
  state.endTold = true;
  if (state.data.running) state.trigger("ended", state.data.run);
}

const shareOf = (progress) => (progress?.total ? Math.min(1, progress.done / progress.total) : 0);

const wordsNow = (state) => [state.data.title, state.job && courseOf(state)].filter(Boolean).join(": ");

export function courseOf(state) {
  const { job, data } = state;
  if (job.state === "gone") return "The HeatCheck server no longer keeps this run.";
  if (job.state === "unreachable") return "The HeatCheck server is not answering. This run is shown again when it does.";
  if (job.state === "queued") return job.others ? `Waiting: ${counted(job.others, "run")} ahead of yours on this computer.` : "Starting.";
  const seconds = job.seconds + (job.state === "running" ? (performance.now() - state.heardAt) / 1000 : 0);
  if (job.state === "running") return listed(brief(state.progress?.what ?? "") || "Starting", soFar(state.progress), timeLeft(state, seconds), turns(job));
  const end = { done: "", cancelled: data.cancelled, failed: job.error }[job.state];
  return [end, listed(job.state === "done" ? inAll(state) : soFar(state.progress), `${seconds.toFixed(1)}\u00a0s`)].filter(Boolean).join(" ");
}

const listed = (...parts) => parts.filter(Boolean).join(" · ");
const brief = (what) => what.split(", ").slice(0, 2).join(", ") + (what.split(", ").length > 2 ? " and more" : "");
const many = (number, unit = "pass") => counted(number, unit, MANY[unit]);
const soFar = (progress) => (progress?.total ? `${Math.floor(progress.done).toLocaleString("en")} of ${many(Math.round(progress.total), progress.unit)}` : "");
// Where several parts counted, the last one's count is not that of all.
const inAll = ({ progress, job }) => (progress?.total && job.parts === 1 ? many(Math.round(progress.done), progress.unit) : "");
const turns = ({ others }) => (others ? `taking turns with ${counted(others, "other run")}` : "");

// By the pace so far; where it was planned how long all takes, that counts for as much as there is still to do, since the
// first passes may be the dear ones.
function timeLeft({ progress, from, data, job }, seconds) {
  const made = progress ? progress.done - from.done : 0, took = progress ? progress.seconds - from.seconds : 0;
  const planned = data.seconds ? data.seconds * (1 + job.others) : 0;
  if (made <= 0 || took < WAITING_FOR_WORDS) return planned - seconds > 1 ? inWords(planned - seconds) : "";
  const share = shareOf(progress), byPace = (took / made) * (progress.total - progress.done);
  return inWords((planned ? share * byPace + (1 - share) * planned * (1 - share) : byPace) - (seconds - progress.seconds));
}

function inWords(left) {
  return left < 1 ? "almost done" : left < 90 ? `about ${Math.ceil(left)}\u00a0s left` : `about ${Math.ceil(left / 60)}\u00a0min left`;
}
