// The very picture that a curve's point was computed from, and what the model says of it.

import { keptInAddress, noteChange } from "../../components/kit/address.js";
import { element, photo, selection } from "../../components/kit/dom.js";
import { likelihood, percent } from "../../components/kit/numbers.js";
import { served } from "../../components/kit/served.js";
import { ORDERS } from "./curve_data.js";

// The share that somebody wants to see removed; a link restores it.
export const asked = keptInAddress({ removed: 0.3 }, { removed: (value) => value >= 0 && value <= 1 });

export function makePerturbed(changed) {
  const chosen = { method: null, order: "mif", byHand: false };
  const picture = photo({ width: 224, height: 224, class: "smooth" });
  const frame = element("div", { class: "frame" }, picture);
  const heading = element("h3");
  const top = element("ul", { class: "top" });
  const note = element("p", { class: "muted", role: "status" });
  const methodPlace = element("span");
  const order = selection("Removal order", Object.entries(ORDERS), "mif", (value) => { chosen.order = value; changed(); });
  const place = element("div", { class: "removed" }, heading, element("div", { class: "pick" }, methodPlace, order), frame, element("div", { class: "said" }, top, note));

  picture.onload = () => { frame.dataset.state = "shown"; note.textContent = ""; };
  picture.onerror = () => { frame.dataset.state = "none"; note.textContent = "The picture is not there yet: the model is loading or busy. Move the slider to try again."; };

  function slide(share) {
    asked.removed = share;
    noteChange();
    changed();
  }

  function offer(methods) {
    methodPlace.replaceChildren(selection("Method", methods.map(({ name, label }) => [name, label]), chosen.method, (name) => {
      Object.assign(chosen, { method: name, byHand: true });
      changed();
    }));
  }

  function suggest(method, methods) {
    if (chosen.byHand || chosen.method === method) return;
    chosen.method = method;
    offer(methods);
  }

  function show(run, curves, fraction, target, y, yName, over) {
    const point = curves.at(chosen.method, chosen.order, fraction);
    heading.textContent = `${percent(fraction)} removed`;
    if (!point) { blank(over ? "The run ended before its curves." : "No curve has reached this point yet."); return; }
    const address = addressAt(run, fraction);
    if (picture.dataset.address !== address) {
      picture.dataset.address = address;
      picture.src = served(address);
      picture.alt = `The picture with ${percent(fraction)} of its pixels removed, ${ORDERS[chosen.order]}`;
      frame.dataset.state = "coming";
      note.textContent = "";
    }
    const first = curves.at(chosen.method, chosen.order, 0);
    const clean = new Map(first?.top ?? []);
    const rows = point.top.map(([label, probability]) => answer(label, probability, clean.get(label), label === target));
    const missing = y === "probability" && !point.top.some(([label]) => label === target);
    if (missing && target) rows.push(answer(target, point.value, clean.get(target), true));
    if (y === "contrast") rows.push(answer(yName, point.value, first?.value, true)); // of two classes, so beside what the model says of each
    top.replaceChildren(...rows);
  }

  const addressAt = (run, fraction) => `/api/jobs/${run}/perturbed?${new URLSearchParams({ method: chosen.method, order: chosen.order, fraction })}`;
  const addresses = (run, curves) => curves.fractions(chosen.method, chosen.order).map((fraction) => addressAt(run, fraction));

  const answer = (label, probability, before, explained) => element("li", { class: explained ? "explained" : undefined },
    element("span", {}, label), element("span", {}, likelihood(probability)),
    element("span", { class: "muted" }, before === undefined ? "not in the top 3 before" : `was ${likelihood(before)}`));

  function clear() {
    Object.assign(chosen, { method: null, byHand: false });
    blank("");
  }

  function blank(why) {
    delete picture.dataset.address;
    picture.removeAttribute("src");
    picture.alt = "";
    frame.dataset.state = "none";
    top.replaceChildren();
    note.textContent = why;
  }

  return { place, chosen, slide, suggest, show, clear, addresses };
}
