// How far a run is, in words: what it waits for, how much of how much is done, how long that may still take.

import { counted } from "../kit/numbers.js";

const MANY = { pass: "passes" };
const WAITING_FOR_WORDS = 0.5;

export const shareOf = (progress) => (progress?.total ? Math.min(1, progress.done / progress.total) : 0);

export function courseOf(state) {
  const { job, data } = state;
  if (job.state === "gone") return "The HeatCheck server no longer keeps this run.";
  if (job.state === "unreachable") return "The HeatCheck server is not answering. This run is shown again when it does.";
  if (job.state === "queued") return job.others ? `Waiting: ${counted(job.others, "run")} ahead of yours on this computer.` : "Starting.";
  const seconds = job.seconds + (job.state === "running" ? (performance.now() - state.heardAt) / 1000 : 0);
  if (job.state === "running") return listed(brief(state.progress?.what ?? "") || "Starting", doneOfAll(state.progress), timeLeft(state, seconds), turns(job));
  const end = { done: "", cancelled: data.cancelled, failed: job.error }[job.state];
  return [end, listed(job.state === "done" ? inAll(state) : doneOfAll(state.progress), `${seconds.toFixed(1)}\u00a0s`)].filter(Boolean).join(" ");
}

const listed = (...parts) => parts.filter(Boolean).join(" · ");
const brief = (what) => what.split(", ").slice(0, 2).join(", ") + (what.split(", ").length > 2 ? " and more" : "");
const many = (number, unit = "pass") => counted(number, unit, MANY[unit]);
const doneOfAll = (progress) => (progress?.total ? `${Math.floor(progress.done).toLocaleString("en")} of ${many(Math.round(progress.total), progress.unit)}` : "");
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
