// What an exported file does when it is opened: the page's own components, fed from what the file brings along.

import { openWith } from "../kit/address.js";
import { element, folded } from "../kit/dom.js";
import { keep } from "../kit/served.js";
import { replay } from "../kit/stream.js";
import { expand } from "./condensing.js";
import { splitWideTables } from "./on_paper.js";

const file = JSON.parse(document.getElementById("file").textContent);

async function expandedMaps(maps) {
  const read = await Promise.all(Object.entries(maps).map(async ([address, map]) => [address, await expand(map)]));
  return Object.fromEntries(read);
}

async function sectionOf({ title, hidden, parts }) {
  const places = await Promise.all(parts.map(placeOf));
  if (!title) return places;
  return [hidden ? folded(title, ...places) : element("section", { "aria-label": title }, element("h2", {}, title), ...places)];
}

const placeOf = ({ script, data, kind, words }) => (script ? mounted(script, data) : element(kind, {}, words));

// A component finds what it finds on the page: a tree of its own, its style and its root.
async function mounted(script, data) {
  const host = element("div", { class: "part" }), tree = host.attachShadow({ mode: "open" });
  tree.append(element("style", {}, file.styles[script]), element("div", { class: "root" }));
  const { default: component } = await import(script);
  setTimeout(() => component({ data, parentElement: tree, setTriggerValue: () => {} }));
  return host;
}

openWith(file.view);
splitWideTables(() => [...document.querySelectorAll(".part")].flatMap(({ shadowRoot }) => [...shadowRoot.querySelectorAll(".wide > table")]));
keep(file.answers);
for (const run of file.runs) replay({ ...run, maps: await expandedMaps(run.maps) });
for (const section of file.sections) document.getElementById("parts").append(...(await sectionOf(section)));
