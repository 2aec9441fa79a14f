// What every component does: it mounts once into its place, follows the run that its data name, draws when something
// changed, and ends when its place is gone.

import { follow } from "./stream.js";

const newest = new WeakMap();
const standing = new Set();
const nothing = () => {};
// A drawing takes the processor that the run needs: of what comes fast, an eighth of a second is drawn at once.
const BETWEEN_DRAWINGS = 125;

// The components that stand within an element of the page.
export const standingIn = (place) => [...standing].filter(({ root }) => place.contains(root.getRootNode().host));

// `mount` gives the children of the root, and may leave on the state what the other functions need of them; `receive`
// comes with new data; `places` are what follows a run each, with data of their own: where there is but one run, the
// state itself. `begin` clears what an earlier run left, `take` has a function for each kind of message that is read,
// `heard` comes after messages that came together, `render` draws once before the screen does, `end` stops what goes on.
// `further` are the addresses that a reader may yet ask for, so that an exported file brings their answers along; what
// is `aside` chooses, or tells how far something is, and is no part of a result.
export function component({ mount = () => [], receive = nothing, places = (state) => [state], begin = nothing, take = {}, heard = nothing, render, end = nothing, further = () => [], aside = false }) {
  const states = new WeakMap();

  function mountInto(parentElement, data) {
    const state = { root: parentElement.querySelector(".root"), data, followed: [] };
    Object.assign(state, { aside, further: () => further(state) });
    state.redraw = () => { state.drawing ??= requestAnimationFrame(() => draw(state)); };
    state.root.replaceChildren(...mount(state));
    states.set(parentElement, state);
    standing.add(state);
    return state;
  }

  function draw(state) {
    clearTimeout(state.later);
    Object.assign(state, { drawing: undefined, later: undefined, drawnAt: performance.now() });
    render(state);
  }

  function redrawSoon(state) {
    const wait = (state.drawnAt ?? 0) + BETWEEN_DRAWINGS - performance.now();
    if (wait <= 0) state.redraw();
    else state.later ??= setTimeout(state.redraw, wait);
  }

  // Made with other choices than those that stand beside it, or left over from another run of which nothing has come yet.
  function markStale(state) {
    state.root.classList.toggle("stale", Boolean(state.data.stale) || state.followed.some(({ former }) => former));
  }

  // Messages that are known without a run come with the data.
  function followRun(state, place) {
    const { run, messages = [] } = place.data;
    const subject = run || JSON.stringify(messages);
    if (place.subject === subject) return;
    place.unfollow?.();
    const former = Boolean(run) && place.subject !== undefined;
    Object.assign(place, { subject, job: null, unfollow: undefined, former });
    begin(place);
    const hear = (heardNow, job) => {
      const taken = heardNow.filter(({ kind }) => take[kind]), same = place.job?.state === job?.state;
      place.job = job;
      if (same && !taken.length && heard === nothing) return;
      if (taken.length) place.former = false;
      for (const message of taken) take[message.kind](place, message);
      heard(place);
      markStale(state);
      if (same) redrawSoon(state);
      else state.redraw();
    };
    if (run) place.unfollow = follow(run, hear);
    else hear(messages, null);
  }

  function update(parentElement, data, trigger) {
    const state = states.get(parentElement) ?? mountInto(parentElement, data);
    Object.assign(state, { data, trigger });
    receive(state);
    const now = places(state);
    for (const place of state.followed) if (!now.includes(place)) place.unfollow?.();
    state.followed = now;
    for (const place of now) followRun(state, place);
    markStale(state);
    state.redraw();
  }

  function leave(parentElement) {
    const state = states.get(parentElement);
    if (!state) return;
    states.delete(parentElement);
    standing.delete(state);
    cancelAnimationFrame(state.drawing);
    clearTimeout(state.later);
    for (const place of state.followed) place.unfollow?.();
    end(state);
  }

  return ({ data, parentElement, setTriggerValue }) => {
    if (!overtaken(parentElement, data)) update(parentElement, data, setTriggerValue);
    return whenGone(parentElement, leave);
  };
}

// Streamlit calls for each change as soon as the script is there, and may mix up two that waited for it.
function overtaken(parentElement, { since }) {
  if (since < (newest.get(parentElement) ?? 0)) return true;
  newest.set(parentElement, since);
  return false;
}

// Streamlit also cleans up after a call that another one followed before the script was there: the component stays.
// When it cleans up for good, it has taken the place off the page, or does so before the next task.
const whenGone = (parentElement, leave) => () => setTimeout(() => parentElement.isConnected || leave(parentElement));
