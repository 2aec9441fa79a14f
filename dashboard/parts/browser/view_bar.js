// How all maps are shown: answered here, without the server.

const view = (window.heatcheckView ??= { opacity: 0.75, colours: "inferno", scale: "own", range: "clipped", sign: "both", share: 1, sort: "asked" });

function makeViewBar(changed, judge) {
  const set = (name) => (value) => { view[name] = value; changed(name); };
  const shownShare = element("output", {}, percent(view.share));
  const share = slider("Show the top share of pixels", view.share, 0.01, (value) => {
    shownShare.textContent = percent(value);
    set("share")(value);
  });
  const sign = field("Sign", choice("Sign shown", [["plus", "+", "positive only"], ["minus", "−", "negative only"], ["both", "±", "both signs"]], view.sign, set("sign")));
  const said = element("p", { class: "muted small", role: "status" });
  const bar = element("div", { class: "bar", role: "group", "aria-label": "How all heatmaps are shown" },
    field("Opacity", slider("Opacity", view.opacity, 0, set("opacity"))),
    field("Colours", selection("Colours", Object.entries(COLOURS).map(([value, { name }]) => [value, name]), view.colours, set("colours"))),
    field("Scale", choice("Scale", [["own", "own"], ["shared", "shared"]], view.scale, set("scale"))),
    field("Range", choice("Range of the colours", [["clipped", "99 %", "up to the 99th percentile"], ["full", "full", "up to the maximum"]], view.range, set("range"))),
    sign,
    field("Show top", share, shownShare),
    field("Sort", choice("Order of the cards", [["asked", "as asked"], ["score", judge.sorts]], view.sort, set("sort"))));
  const scores = element("p", { class: "muted small" }, judge.legend);
  return { place: element("div", { class: "over" }, bar, scores, said), offerSign: (offered) => { sign.hidden = !offered; }, say: (words) => { said.textContent = words; } };
}

const field = (label, ...controls) => element("span", { class: "field" }, element("span", { class: "muted", "aria-hidden": "true" }, label), ...controls);

const slider = (label, value, low, choose) =>
  element("input", { type: "range", min: low, max: 1, step: 0.01, value, "aria-label": label, oninput: (event) => choose(Number(event.target.value)) });
