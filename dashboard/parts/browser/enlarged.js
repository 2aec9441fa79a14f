// One map large, and a second beside it to compare; Escape closes, and the focus goes back to where it was.

function makeEnlarged(cards, paintInto) {
  const body = element("div", { class: "pair" });
  const heading = element("h2", { id: "enlarged-title" });
  const beside = element("span", { class: "field" });
  const close = element("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Close");
  const dialog = element("dialog", { "aria-labelledby": "enlarged-title" },
    element("div", { class: "head" }, heading, beside, close), body);
  const shown = { first: null, second: "", origin: null, crop: "" };

  dialog.onclose = () => { shown.first = null; shown.origin?.focus(); };
  dialog.onclick = (event) => event.target === dialog && dialog.close();

  function open(name, crop, origin) {
    Object.assign(shown, { first: name, second: "", origin, crop });
    refill();
    dialog.showModal();
  }

  function refill() {
    const first = cards.get(shown.first);
    heading.textContent = first.method.label;
    const others = [...cards.values()].filter((card) => card.map && card !== first).map((card) => [card.method.name, card.method.label]);
    beside.replaceChildren(element("span", { class: "muted", "aria-hidden": "true" }, "Compare with"),
      selection("Compare with", [["", "none"], ...others], shown.second, (name) => { shown.second = name; refill(); }));
    const pair = [shown.first, shown.second].filter(Boolean).map((name) => portrait(cards.get(name)));
    body.replaceChildren(...pair);
    body.dataset.count = pair.length;
  }

  function portrait(card) {
    const stage = makeStage(shown.crop, () => {}, `Read the values of ${card.method.label} with the arrow keys`);
    paintInto(stage, card);
    stage.canvas.setAttribute("aria-label", described(card));
    const score = card.fidelity ? `F ${scored(card.fidelity)}: ${verdictWords(card.fidelity)}.` : "";
    return element("figure", {}, stage.place,
      element("figcaption", {}, element("strong", {}, card.method.label), element("p", {}, score),
        element("p", {}, card.method.summary), element("p", { class: "muted" }, [card.method.paper, ...card.message.notes].filter(Boolean).join(" · "))));
  }

  return { dialog, open, refresh: () => shown.first && refill(), close: () => dialog.open && dialog.close() };
}
