// One map large, and a second beside it to compare; Escape closes, and the focus goes back to where it was.

function makeEnlarged(offered, paintInto) {
  const body = element("div", { class: "pair" });
  const heading = element("h2", { id: "enlarged-title" });
  const beside = element("span", { class: "field" });
  const close = element("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Close");
  const dialog = element("dialog", { "aria-labelledby": "enlarged-title" },
    element("div", { class: "head" }, heading, beside, close), body);
  const shown = { first: null, second: "" };

  dialog.onclose = () => {
    const { first } = shown;
    shown.first = null;
    first?.stage.button.focus();
  };
  dialog.onclick = (event) => event.target === dialog && dialog.close();

  function open(card) {
    Object.assign(shown, { first: card, second: "" });
    refill();
    dialog.showModal();
  }

  // The same method of another model comes first among those to compare with.
  function refill() {
    const { first } = shown;
    heading.textContent = fullName(first);
    const others = offered().filter((card) => card !== first);
    others.sort((one, other) => (other.method.name === first.method.name) - (one.method.name === first.method.name));
    const options = others.map((card) => [keyOf(card), fullName(card)]);
    beside.replaceChildren(element("span", { class: "muted", "aria-hidden": "true" }, "Compare with"),
      selection("Compare with", [["", "none"], ...options], shown.second, (key) => { shown.second = key; refill(); }));
    const pair = [first, ...others.filter((card) => keyOf(card) === shown.second)].map(portrait);
    body.replaceChildren(...pair);
    body.dataset.count = pair.length;
  }

  const keyOf = ({ method, column }) => `${column.run} ${method.name}`;

  function portrait(card) {
    const stage = makeStage(card.crop, () => {}, `Read the values of ${fullName(card)} with the arrow keys`);
    paintInto(stage, card);
    stage.canvas.setAttribute("aria-label", described(card));
    const score = card.judged === null ? "" : `${card.column.judge.words(card.judged)}.`;
    return element("figure", {}, stage.place,
      element("figcaption", {}, element("strong", {}, fullName(card)), element("p", {}, [card.method.settings, score].filter(Boolean).join(" · ")),
        element("p", {}, card.method.summary), element("p", { class: "muted" }, [card.method.paper, ...card.message.notes].filter(Boolean).join(" · "))));
  }

  return { dialog, open, refresh: () => shown.first && refill(), close: () => dialog.open && dialog.close() };
}
