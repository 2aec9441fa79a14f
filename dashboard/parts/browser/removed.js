// The very picture that a curve's point was computed from, and what the model says of it.

function makeRemoved(changed) {
  const chosen = { method: null, order: "mif", wanted: 0.3, byHand: false };
  const picture = photo({ width: 224, height: 224, class: "smooth" });
  const frame = element("div", { class: "frame" }, picture);
  const heading = element("h3");
  const top = element("ul", { class: "top" });
  const note = element("p", { class: "muted", role: "status" });
  const methodPlace = element("span");
  const order = selection("Pixels that go first", Object.entries(ORDERS).map(([value, text]) => [value, text]), "mif", (value) => { chosen.order = value; changed(); });
  const place = element("div", { class: "removed" }, heading, element("div", { class: "pick" }, methodPlace, order), frame, top, note);

  picture.onload = () => { frame.dataset.state = "shown"; note.textContent = ""; };
  picture.onerror = () => { frame.dataset.state = "none"; note.textContent = "The picture can't be shown yet: the model is loading or busy. Move the slider to try again."; };

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

  function show(run, curves, fraction, target, yIsProbability) {
    const point = curves.at(chosen.method, chosen.order, fraction);
    heading.textContent = `What the model sees with ${percent(fraction)} removed`;
    if (!point) { blank("No curve has reached this point yet."); return; }
    const address = `/api/jobs/${run}/perturbed?${new URLSearchParams({ method: chosen.method, order: chosen.order, fraction })}`;
    if (picture.dataset.address !== address) {
      picture.dataset.address = picture.src = address;
      picture.alt = `The picture with ${percent(fraction)} of its pixels removed, ${ORDERS[chosen.order]}`;
      frame.dataset.state = "coming";
    }
    const clean = new Map(curves.at(chosen.method, chosen.order, 0)?.top ?? []);
    const rows = point.top.map(([label, probability]) => answer(label, probability, clean.get(label), label === target));
    const missing = yIsProbability && !point.top.some(([label]) => label === target);
    if (missing && target) rows.push(answer(target, point.value, clean.get(target), true));
    top.replaceChildren(...rows);
  }

  const answer = (label, probability, before, explained) => element("li", { class: explained ? "explained" : undefined },
    element("span", {}, label), element("span", {}, fixed(probability)),
    element("span", { class: "muted" }, before === undefined ? "not in the top 3 before" : `was ${fixed(before)}`));

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

  return { place, chosen, suggest, show, clear };
}
