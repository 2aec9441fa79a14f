// What else the model would accept in a hidden region: the verdict, the region beside its controls, and a gallery of the
// variations of one of them, those that keep the class first.

import { unpacked } from "../../components/marker/mask.js";
import { makePair } from "../../components/kit/compare_dialog.js";
import { choice, earlierMark, element, markEarlier, photo, say, sign } from "../../components/kit/dom.js";
import { component } from "../../components/kit/frame.js";
import { counted, fixed, percent, soFar } from "../../components/kit/numbers.js";
import { ended } from "../../components/kit/stream.js";
import { confidenceInWords, makeRegion, REGION_WORDS } from "./region_card.js";
import { variationsVerdict } from "./variations_verdict.js";

const ENERGY_MEANS = "how far the fills are from what was hidden, less what they differ among themselves; lower is better";

export default component({
  mount(state) {
    Object.assign(state, { chosen: "salient", showing: "pictures" });
    state.earlier = earlierMark();
    state.verdict = element("p", { class: "verdict", role: "status" });
    state.basis = element("p", { class: "muted small basis" });
    state.cards = new Map(Object.keys(REGION_WORDS).map((region) => [region, makeRegion(region, () => chooseRegion(state, region))]));
    state.caption = element("p", { class: "muted small" });
    state.switch = choice("Show", [["pictures", "Variations"], ["difference", "Difference"]], "pictures", (showing) => { state.showing = showing; state.redraw(); });
    state.heading = element("h2", {});
    state.gallery = element("ul", { class: "gallery", "aria-label": "Variations" });
    state.pair = makePair([], () => state.opener?.focus());
    return [state.earlier, state.verdict, state.basis,
      element("div", { class: "regions", role: "group", "aria-label": "Hidden regions" }, ...[...state.cards.values()].map(({ place }) => place)),
      element("div", { class: "bar" }, state.heading, state.switch), state.gallery, state.caption, state.pair.dialog];
  },

  begin(state) {
    state.pair.close();
    Object.assign(state, { regions: new Map(), refused: "", tiles: new Map() });
    state.gallery.replaceChildren();
  },

  take: {
    MethodRefused: (state, { reason }) => { state.refused = reason; },
    VariationsShown: takeVariations,
    ReconstructionReady: (state, message) => { regionFound(state, message.region).result = message; },
  },

  render(state) {
    const { data, regions } = state, crop = `/api/jobs/${data.run}/crop`;
    state.root.dataset.state = regions.size ? "started" : "waiting";
    markEarlier(state.earlier, data);
    say(state.verdict, variationsSoFar(state));
    say(state.basis, basisOfVariations(state));
    for (const [region, card] of state.cards) card.show(regions.get(region), crop, region === state.chosen, region === "salient" ? hiddenInWords(data) : undefined);
    const shown = regions.get(state.chosen);
    state.gallery.dataset.showing = state.showing;
    say(state.heading, galleryHeading(state, shown));
    say(state.caption, galleryCaption(shown, data));
    showTiles(state.gallery, shown?.result ? shown.result.order.filter((number) => number in shown.made).map((number) => variationTile(state, shown, number, crop)) : []);
  },
});

function regionFound(state, region) {
  if (!state.regions.has(region)) state.regions.set(region, { region, made: [], result: null });
  return state.regions.get(region);
}

function takeVariations(state, { region, first, height, width, hole, pictures, confidences, kept, distances }) {
  const found = regionFound(state, region);
  Object.assign(found, { height, width, hole: unpacked(hole, height * width) });
  pictures.forEach((picture, at) => { found.made[first + at] = { picture, confidence: confidences[at], kept: kept[at], distance: distances[at] }; });
}

function chooseRegion(state, region) {
  state.chosen = region;
  state.redraw();
}

function variationsSoFar(state) {
  const { regions, refused, job } = state;
  if (refused) return "No verdict: this heatmap cannot be computed.";
  if (!regions.size) return ended(job) ? "No verdict: the run ended before the first variations." : "The first variations are on their way.";
  const words = variationsVerdict(regions, ended(job));
  return ended(job) ? words : soFar(words);
}

function basisOfVariations({ regions, refused, data }) {
  const salient = regions.get("salient")?.result;
  if (!salient) return refused;
  const where = data.heatmap ? `the region that ${data.heatmap} calls salient` : "the region painted by hand";
  const elsewhere = regions.get("random")?.result;
  return `Hidden: ${where}, ${percent(salient.hidden)} of the pixels. ${keptInWords(salient)} keep the class${elsewhere ? `; ${keptInWords(elsewhere)} with the same shape elsewhere` : ""}.`;
}

const hiddenInWords = ({ heatmap }) => (heatmap ? `Salient in ${heatmap}.` : "Painted by hand.");
const keptInWords = (result) => `${Math.round(result.kept * result.variations)} of ${counted(result.variations, "variation")}${result.different < result.variations ? ` (${result.different} different)` : ""}`;

const galleryHeading = (state, shown) => (shown ? `${REGION_WORDS[shown.region].title}: variations by confidence` : REGION_WORDS[state.chosen].title);

// Which prior filled the region, with its energy score.
function galleryCaption(shown, data) {
  const usual = data.grey;
  const result = shown?.result;
  if (!result) return "Not computed yet.";
  if (!result.prior) return "The region has the mean colour of the training pictures.";
  const energy = result.energy === null ? "" : ` Energy score ${fixed(result.energy)}: ${ENERGY_MEANS}${usual ? `; a grey fill has about ${fixed(usual)} on ${data.grey_on}` : ""}.`;
  return `Filled by: ${result.prior}.${energy} A difference is absolute; black is none.`;
}

// Tiles that already stand in that order stay, and the one with the keyboard's focus keeps it when others come before it.
function showTiles(gallery, tiles) {
  if (tiles.length === gallery.children.length && tiles.every((tile, at) => tile === gallery.children[at])) return;
  const focused = gallery.getRootNode().activeElement;
  const kept = tiles.some((tile) => tile.contains(focused));
  gallery.replaceChildren(...tiles);
  if (kept) focused.focus({ preventScroll: true });
}

// A tile is made once, and its order may change while others come.
function variationTile(state, shown, number, crop) {
  const key = `${shown.region} ${number}`;
  if (state.tiles.has(key)) return state.tiles.get(key);
  const made = shown.made[number];
  const words = `Variation ${number + 1}: ${made.kept ? "class kept" : "class lost"}, confidence ${confidenceInWords(made.confidence)}`;
  const button = element("button", { type: "button", class: "reach", "aria-label": `${words}. Enlarge`, onclick: () => enlargeVariation(state, button, made, words, crop) }, differing(made.picture, crop));
  const tile = element("li", { class: made.kept ? "kept" : "lost" }, button,
    element("span", { class: "told", "aria-hidden": "true" }, sign(made.kept ? "✓ " : "✗ "), confidenceInWords(made.confidence)));
  state.tiles.set(key, tile);
  return tile;
}

// The variation, with the picture above it that is blended in where the difference is shown.
const differing = (picture, crop) => element("span", { class: "differing" }, photo({ src: picture, draggable: "false" }), photo({ src: crop, class: "original", draggable: "false" }));

function enlargeVariation(state, opener, { picture, kept, confidence, distance }, words, crop) {
  const portrait = (title, shown, ...lines) => element("figure", {}, shown, element("figcaption", {}, element("strong", {}, title), ...lines.map((line) => element("p", { class: "muted" }, line))));
  state.opener = opener;
  const difference = differing(picture, crop);
  difference.classList.add("always");
  state.pair.fill(words, [
    portrait("Original", photo({ src: crop })),
    portrait("Variation", photo({ src: picture }), kept ? "The class is kept." : "The class is lost.", `Confidence ${confidenceInWords(confidence)}`),
    portrait("Difference", difference, `Distance in the hole: ${fixed(distance)}`),
  ]);
  state.pair.dialog.showModal();
}
