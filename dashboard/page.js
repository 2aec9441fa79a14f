// Runs before Streamlit's own script: what a page as a whole does in the browser.
(() => {
  const CHOICE = "heatcheck colour scheme"; // `page_tools.js` writes it
  const DARK = "(prefers-color-scheme: dark)";

  // Streamlit follows the system's colour scheme. Where a person has chosen one here, that is taken for the system's.
  const media = window.matchMedia.bind(window);
  const system = media(DARK);
  const scheme = new EventTarget();
  const chosen = () => {
    try {
      return localStorage.getItem(CHOICE);
    } catch { // a browser that lets sites keep nothing
      return null;
    }
  };
  const changed = () => scheme.dispatchEvent(new Event("change"));
  Object.defineProperty(scheme, "matches", { get: () => (chosen() ? chosen() === "dark" : system.matches) });
  system.addEventListener("change", changed);
  window.addEventListener("storage", ({ key }) => key === CHOICE && changed());
  window.matchMedia = (query) => (query === DARK ? scheme : media(query));
  // Streamlit tells its own root alone, and its dialogs and menus stand outside.
  const tellRoot = () => { document.documentElement.style.colorScheme = scheme.matches ? "dark" : "light"; };
  scheme.addEventListener("change", tellRoot);
  tellRoot();

  // Streamlit would look for its server below a page's own address first, and the browser would tell of two that are missing.
  window.__streamlit = { BACKEND_BASE_URL: location.origin };

  // Streamlit adds an entry to the history whenever the address changes; here one for every page that is opened, so that
  // a press of Back leaves the page.
  const push = history.pushState.bind(history);
  const isPage = (address) => new URL(address, location.href).pathname !== location.pathname;
  history.pushState = (state, unused, address) => (isPage(address) ? push : history.replaceState.bind(history))(state, unused, address);

  // The first Tab of a page reaches its main action, past the header and the sidebar.
  const skip = Object.assign(document.createElement("a"), { className: "skip", href: "#stMain", textContent: "Skip to the main action" });
  const starts = () => [...document.querySelectorAll("#stMain [class*=st-key-start-] button[kind=primary]:enabled")];
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    (starts().find((button) => button.checkVisibility()) ?? document.getElementById("stMain"))?.focus();
  });
  document.addEventListener("DOMContentLoaded", () => document.body.prepend(skip));

  // Quick clicks on a button that starts or ends a run are meant as one, and none is meant for words that have only just
  // come: on a slow machine that is long after the server has sent them, so the server can't tell.
  const BURST = 500;
  const latest = new Map(); // of each button: what it said, and when it was last clicked or began to say something else
  const startAround = (node) => (node.closest ? node : node.parentElement)?.closest("[class*=st-key-start-]");
  document.addEventListener("click", (event) => {
    const button = startAround(event.target);
    if (!button) return;
    const since = event.timeStamp - (latest.get(button.className)?.at ?? -Infinity);
    latest.set(button.className, { words: button.textContent, at: event.timeStamp });
    if (since < BURST) event.stopImmediatePropagation();
  }, true);
  new MutationObserver((changes) => {
    for (const button of new Set(changes.map(({ target }) => startAround(target)))) {
      const known = button && latest.get(button.className);
      if (known && known.words !== button.textContent) Object.assign(known, { words: button.textContent, at: performance.now() });
    }
  }).observe(document, { childList: true, characterData: true, subtree: true });

  // Where Streamlit speaks of the internet, of its own command or of a developer's folders.
  const REWORDED = [
    [/Is Streamlit still running|Streamlit server is not responding/, "The HeatCheck server is not answering. This page continues when it does."],
    [/^(You have requested page|The page that you have requested)/, "There is no page at this address. The Explain page is shown instead."],
  ];
  const reword = (dialog) => {
    const texts = document.createTreeWalker(dialog, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const [, words] = REWORDED.find(([theirs]) => theirs.test(texts.currentNode.nodeValue)) ?? [];
      if (!words) continue;
      texts.currentNode.nodeValue = words;
      for (const command of dialog.querySelectorAll("pre")) command.style.display = "none";
    }
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const added of addedNodes) {
      const dialog = added.closest?.("[role=dialog]") ?? added.querySelector?.("[role=dialog]");
      if (dialog) reword(dialog);
    }
  }).observe(document, { childList: true, subtree: true });
})();
