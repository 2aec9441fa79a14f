// The switch between light and dark, and the button that copies the page's link. `page.js` answers for the scheme. The
// links beside them are Streamlit's, which does not say to those who hear the page which of them is open.

import { element } from "../kit/dom.js";
import { component } from "../kit/frame.js";

const CHOICE = "heatcheck colour scheme";
const SAID_FOR = 2000;
const dark = () => matchMedia("(prefers-color-scheme: dark)");

function switchScheme(state) {
  localStorage.setItem(CHOICE, dark().matches ? "light" : "dark");
  dispatchEvent(new StorageEvent("storage", { key: CHOICE })); // as other tabs hear it
  state.redraw();
}

async function share(state) {
  const done = await copied(location.href);
  state.share.textContent = done ? "Copied" : "Copy the address bar";
  state.said.textContent = done ? "The link to this page is copied." : "The browser does not allow copying; copy the address bar.";
  clearTimeout(state.saying);
  state.saying = setTimeout(() => { state.share.textContent = "Share"; state.said.textContent = ""; }, SAID_FOR);
}

// Browsers give the clipboard only to pages that come encrypted or from this machine.
async function copied(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return false;
  }
}

export default component({
  mount(state) {
    state.scheme = element("button", { type: "button", class: "scheme", title: "Light or dark", onclick: () => switchScheme(state) }, element("span", { class: "half", "aria-hidden": "true" }));
    state.share = element("button", { type: "button", class: "share", title: "Copy the link to this page as it is", onclick: () => share(state) }, "Share");
    state.said = element("span", { class: "hidden", role: "status" });
    return [state.scheme, state.share, state.said];
  },

  render(state) {
    for (const link of document.querySelectorAll(".st-key-links a")) link.ariaCurrent = link.textContent === state.data.page ? "page" : null;
    state.scheme.setAttribute("aria-label", dark().matches ? "Use light colours" : "Use dark colours");
  },

  end: (state) => clearTimeout(state.saying),
});
