// A panel as one file that opens anywhere: its live parts with the scripts that draw them, and all that they were told.

import { keptNow } from "../kit/address.js";
import { FEW_PIXELS } from "../kit/dom.js";
import { standingIn } from "../kit/frame.js";
import { ended, mapsAsked } from "../kit/stream.js";
import { aboutRuns, titleOf, today } from "./about.js";
import { fileText } from "./file_text.js";
import { coarseness, condense, dataAddress, formFor } from "./condensing.js";

const ROOT = new URL("../../", import.meta.url);
const OPENED = "components/export/opened.js";
const IMPORT = /^(import\s[^;"]*")(\.[^"]+)"/gm;
export const LIVE = "[data-testid=stBidiComponentIsolated]";
const TABS = "[data-testid=stTabs]", TAB = "[data-testid=stTab]", TAB_PANEL = "[data-testid=stTabPanel]";
const HEADINGS = "h1, h2, h3";
const ALONE = { stale: false, choosable: false, whole: true }; // nothing is chosen anew, and paper folds nothing out
const MADE = "Made with HeatCheck";
const STILL = "Exported during the run, with the results so far.";
const QUALITY = 0.9;

export async function oneFile(panel, { style, runs: named }) {
  const shown = standingIn(panel).filter(({ aside }) => !aside);
  const methods = methodsByRun(shown);
  const ids = [...new Set([...named, ...methods.keys()])];
  const sections = sectionsOf(panel, shown);
  const runs = await Promise.all(ids.map((id) => recorded(id, methods.get(id) ?? new Set())));
  const form = formFor(runs.flatMap(({ maps }) => maps)), abouts = await aboutRuns(ids);
  const contents = {
    sections, runs: await condensed(runs, form), view: keptNow(),
    answers: await answersOf(shown), styles: Object.fromEntries(shown.map((state) => [state.data.script, stylesOf(state)])),
  };
  return fileText({
    title: titleOf(abouts.slice(0, named.length)), style, contents: withoutNames(contents, ids),
    lines: [`${MADE} on ${today()}.`, ...new Set(abouts.map(({ reading }) => reading)), runs.every(({ job }) => ended(job)) ? "" : STILL, coarseness(form)].filter(Boolean),
    verdicts: shown.flatMap(({ root }) => [...root.querySelectorAll(".verdict")].map(({ textContent }) => textContent)),
    manifest: abouts,
    modules: await modulesOf([OPENED, ...shown.map(({ data }) => data.script)]),
  });
}

// A run and an upload open for whoever knows its name: a file that is passed on tells none.
function withoutNames(contents, ids) {
  const numbered = ids.reduce((text, id, at) => text.replaceAll(id, `run-${at + 1}`), JSON.stringify(contents));
  const pictures = [...new Set([...numbered.matchAll(/\/api\/pictures\/[^/"]+\//g)].map(([address]) => address))];
  return JSON.parse(pictures.reduce((text, address, at) => text.replaceAll(address, `/api/pictures/${at + 1}/`), numbered));
}

// What the panel shows, in its order, under its headings; what stands in a tab under the tab's name.
function sectionsOf(panel, shown) {
  const live = new Map(shown.map((state) => [state.root.getRootNode().host, state]));
  const sections = [];
  for (const place of panel.querySelectorAll(`${HEADINGS}, ${LIVE}`)) {
    const part = partOf(place, live.get(place)), tab = tabOf(place, panel);
    if (!part) continue;
    if (!sections.length || sections.at(-1).tab !== tab) sections.push({ tab, parts: [] });
    sections.at(-1).parts.push(part);
  }
  return sections.filter(({ parts }) => parts.some(({ script }) => script))
    .map(({ tab, parts }) => ({ parts, title: tab && titleOfTab(tab), hidden: Boolean(tab) && !tab.checkVisibility() }));
}

function partOf(place, state) {
  if (state) return recordedPart(state.data);
  return place.matches(HEADINGS) ? { kind: place.localName, words: place.textContent.trim() } : null;
}

// A file is of a run: what else has been chosen since is shown as that run recorded it, or not at all.
function recordedPart({ recorded, ...data }) {
  return recorded === null ? null : { script: data.script, data: { ...data, ...recorded, ...ALONE } };
}

function tabOf(place, panel) {
  const tab = place.closest(TAB_PANEL);
  return tab && panel.contains(tab) ? tab : null;
}

function titleOfTab(tab) {
  const tabs = tab.closest(TABS), own = (selector) => [...tabs.querySelectorAll(selector)].filter((each) => each.closest(TABS) === tabs);
  return own(TAB)[own(TAB_PANEL).indexOf(tab)].textContent.trim();
}

// The runs that are followed, each with the names of those methods whose maps are shown.
function methodsByRun(shown) {
  const found = new Map();
  for (const { data } of shown.flatMap(({ followed }) => followed)) {
    if (!data.run) continue;
    found.set(data.run, new Set([...(found.get(data.run) ?? []), ...(data.methods ?? []).map(({ name }) => name)]));
  }
  return found;
}

// What is kept of a run now, which is less than a reader from its beginning has heard.
async function recorded(id, methods) {
  const { job, events } = await firstMessage(`/api/jobs/${id}/events`);
  const messages = events.filter(({ kind }) => kind !== "Progress");
  const asked = mapsAsked(id);
  const maps = messages.filter(({ heatmap }) => heatmap && methods.has(heatmap.method)).flatMap(({ sequence, heatmap: { width } }) => {
    const whole = `/api/jobs/${id}/maps/${sequence}`;
    return [{ address: whole, width }, ...asked.filter((address) => address.startsWith(`${whole}/`)).map((address) => ({ address }))];
  });
  const fetched = await Promise.all(maps.map(async (map) => ({ ...map, values: await floatsAt(map.address) })));
  return { id, job, messages, maps: fetched.filter(({ values }) => values) };
}

async function firstMessage(address) {
  const reader = (await fetch(address)).body.pipeThrough(new TextDecoderStream()).getReader();
  let told = "";
  while (!told.includes("\n\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    told += value;
  }
  reader.cancel();
  return JSON.parse(told.match(/^data: (.*)$/m)[1]);
}

async function floatsAt(address) {
  const answer = await fetch(address);
  return answer.status === 200 ? new Float32Array(await answer.arrayBuffer()) : null;
}

async function condensed(runs, form) {
  const all = async (maps) => Object.fromEntries(await Promise.all(maps.map(async (map) => [map.address, await condense(map, form)])));
  return Promise.all(runs.map(async (run) => ({ ...run, maps: await all(run.maps) })));
}

// The pictures that are shown, and what a reader may yet ask for.
async function answersOf(shown) {
  const pictures = shown.flatMap(({ root }) => [...root.querySelectorAll("img[src^='/api/']")].map((picture) => picture.getAttribute("src")));
  const addresses = [...new Set([...pictures, ...shown.flatMap((state) => state.further())])];
  const answers = await Promise.all(addresses.map(async (address) => [address, await answerAt(address)]));
  return Object.fromEntries(answers.filter(([, answer]) => answer));
}

async function answerAt(address) {
  const answer = await fetch(address);
  if (!answer.ok) return null;
  const blob = await answer.blob();
  return dataAddress(blob.type.startsWith("image/") ? await smaller(blob) : blob);
}

// A tenth of the bytes; where pixels are shown one by one, they stay what they are.
async function smaller(blob) {
  const picture = await createImageBitmap(blob);
  if (picture.width < FEW_PIXELS) return blob;
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.convertToBlob({ type: "image/webp", quality: QUALITY });
}

const stylesOf = ({ root }) => [...root.getRootNode().querySelectorAll("style")].map(({ textContent }) => textContent).join("\n");

// Scripts with all that they import, as data: addresses by their paths, for a file has no folders to look in.
async function modulesOf(scripts) {
  const found = new Map();
  const visit = async (path) => {
    if (found.has(path)) return;
    found.set(path, "");
    const text = await (await fetch(new URL(path, ROOT))).text();
    const below = [];
    const named = text.replace(IMPORT, (_, before, source) => {
      const path_ = new URL(source, new URL(path, ROOT)).href.slice(ROOT.href.length);
      below.push(path_);
      return `${before}${path_}"`;
    });
    found.set(path, await dataAddress(new Blob([named], { type: "text/javascript" })));
    await Promise.all(below.map(visit));
  };
  await Promise.all(scripts.map(visit));
  return Object.fromEntries(found);
}
