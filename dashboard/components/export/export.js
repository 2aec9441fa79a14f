// Takes a result along: as a file that opens anywhere, as a picture, as tables.

import { element, plainButton, say } from "../kit/dom.js";
import { component, standingIn } from "../kit/frame.js";
import { aboutRuns, titleOf, today } from "./about.js";
import { asPng, asSvg } from "./capture.js";
import { LIVE, oneFile } from "./one_file.js";

const FORMS = [
  { ending: "html", words: "Web page", what: "One file that opens offline, with live heatmaps and curves; prints on A4.", make: async (panel, data) => new Blob([await oneFile(panel, data)], { type: "text/html" }) },
  { ending: "png", words: "PNG picture", what: "As shown now, at twice the size.", make: async (panel, data) => asPng(panel, await creditOf(data)) },
  { ending: "svg", words: "SVG drawing", what: "As shown now, at any size; opens in a browser.", make: async (panel, data) => asSvg(panel, await creditOf(data)) },
];

const FORMATS = { csv: "CSV", parquet: "Parquet" };
const MINUTE = 60_000;
const TO_COME = "[data-testid=stSkeleton]";
const PATIENCE = 30_000;

export default component({
  aside: true,

  mount(state) {
    state.forms = element("ul", { class: "forms" }, ...FORMS.map((form) => element("li", {}, plainButton(form.words, () => save(state, form)), element("span", { class: "muted small" }, form.what))));
    state.tables = element("ul", { class: "forms" });
    state.said = element("p", { class: "muted small", role: "status" });
    return [state.forms, state.tables, state.said];
  },

  render({ tables, data }) {
    tables.replaceChildren(...data.tables.map(({ words, forms }) => element("li", {}, words,
      element("span", { class: "links" }, ...forms.map(([ending, address]) => element("a", { href: address, download: true, "aria-label": `${words} as ${FORMATS[ending]}` }, FORMATS[ending]))))));
  },
});

async function save(state, { words, ending, make }) {
  const { data, said } = state, panel = document.querySelector(`.st-key-${data.panel}`);
  if (state.saving || !panel) return;
  state.saving = true;
  say(said, `Preparing: ${words}…`);
  try {
    await built(panel);
    const blob = await make(panel, data), name = `${data.name}.${ending}`;
    download(blob, name);
    say(said, `Saved ${name}, ${(blob.size / 1e6).toFixed(1)} MB.`);
  } catch (error) {
    console.warn(error);
    say(said, `The ${words} could not be made. Reload the page and try again.`);
  }
  state.saving = false;
}

// What a picture is of, wherever it is pasted.
const creditOf = async ({ runs, version }) => `${titleOf(await aboutRuns(runs))} · ${today()} · HeatCheck ${version}`;

// Who asks while the page is still being built gets all of it.
async function built(panel) {
  const until = Date.now() + PATIENCE;
  while (panel.querySelector(TO_COME) || standingIn(panel).length < panel.querySelectorAll(LIVE).length) {
    if (Date.now() > until) throw new Error("A part of the page did not come.");
    await new Promise((done) => setTimeout(done, 50));
  }
}

function download(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), MINUTE);
}
