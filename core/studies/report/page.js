// What a reader may choose in a report: a part, the order of the table, a picture, the score below each map, its opacity.

const all = (place, selector) => [...place.querySelectorAll(selector)];

const FEW_PIXELS = 100;
const parts = all(document, ".part");
const choices = all(document, "button[data-part]");

function showPart(chosen) {
  for (const part of parts) part.hidden = part.dataset.part !== chosen;
  for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.part === chosen));
}

// The first click puts the best first, the second turns the order; what has no score comes last.
function sortBy(button) {
  const head = button.closest("th"), heads = [...head.parentElement.children], at = heads.indexOf(head);
  const first = button.dataset.lowest === "1" ? "ascending" : "descending";
  const order = head.getAttribute("aria-sort") === first ? { ascending: "descending", descending: "ascending" }[first] : first;
  for (const each of heads) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const valueOf = (row) => row.children[at].dataset.value;
  const body = head.closest("table").tBodies[0];
  body.append(...[...body.rows].sort((one, other) => {
    const [a, b] = [valueOf(one), valueOf(other)];
    return a === undefined || b === undefined ? (a === undefined) - (b === undefined) : sign * (a - b);
  }));
}

for (const choice of choices) choice.addEventListener("click", () => showPart(choice.dataset.part));
for (const button of all(document, ".sort")) button.addEventListener("click", () => sortBy(button));

for (const part of parts) {
  const pictures = all(part, "article");
  if (!pictures.length) continue;
  // Where pictures are small, their pixels are seen one by one.
  for (const shown of all(part, "article img")) shown.decode().then(() => {
    shown.classList.toggle("pixels", shown.naturalWidth < FEW_PIXELS);
    shown.previousElementSibling?.classList.toggle("pixels", shown.naturalWidth < FEW_PIXELS);
  });
  // One copy of a picture serves all its maps.
  for (const picture of pictures) {
    const own = picture.querySelector(".own img");
    for (const below of own ? all(picture, ".below") : []) below.style.backgroundImage = `url("${own.src}")`;
  }
  const which = part.querySelector(".which"), score = part.querySelector(".score"), opacity = part.querySelector(".opacity");
  const showPicture = () => pictures.forEach((picture, at) => { picture.hidden = at !== Number(which.value); });
  which.addEventListener("change", showPicture);
  score.addEventListener("change", () => {
    for (const place of all(part, "output")) place.textContent = place.getAttribute(`data-${score.value.replaceAll("_", "-")}`) ?? "–";
  });
  opacity.addEventListener("input", () => part.style.setProperty("--opacity", opacity.value / 100));
  showPicture();
}
if (choices.length) showPart("0");
