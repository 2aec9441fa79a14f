// How far a job is: what it does now, how much of how much, and how long that may still take; or why it waits.
// Triggers the script when the job has ended.

import { element } from "../kit/dom.js";
import { component } from "../kit/frame.js";
import { ended } from "../kit/stream.js";
import { courseOf, shareOf } from "./course.js";

const CLOCK = 250;
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
    filled.style.transform = `translateX(${share - 100}%)`;
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

const wordsNow = (state) => [state.data.title, state.job && courseOf(state)].filter(Boolean).join(": ");
