// What the model sees, and the classes it finds likeliest.

export default function ({ data, parentElement }) {
  if (overtaken(parentElement, data)) return;
  const root = parentElement.querySelector(".root");
  const crop = photo({ src: data.crop, alt: `The crop of ${data.title} that the model sees`, width: 176, height: 176 });
  const bars = element("ol", {}, ...data.top.map(([label, probability]) => bar(label, probability, label === data.explained)));
  const told = element("p", {}, data.explained ? element("strong", {}, data.explained) : "", data.explained ? " is explained." : data.waiting);
  root.replaceChildren(element("div", { class: "seen" }, data.crop ? crop : element("div", { class: "empty" }), element("div", { class: "answers" }, bars, told)));
}

function bar(label, probability, explained) {
  const filled = element("span", { class: "filled" });
  filled.style.width = `${100 * probability}%`;
  return element("li", { class: explained ? "explained" : undefined }, element("span", { class: "label" }, label),
    element("span", { class: "track", "aria-hidden": "true" }, filled), element("span", {}, probability < 0.005 ? "< 0.01" : fixed(probability)));
}
