// A panel as a picture, as it is seen now: with as many pixels as a sharp screen has, or as a drawing that scales.

const SCALE = 2;
const MARGIN = 16;
const UNSEEN = /^(--|-webkit-(?!text-fill|appearance)|transition|animation|scroll|caret|cursor|perspective|orphans|widows)|-?(block|inline)(-|$)/;

// `credit` says below the panel what it is of: the picture goes where neither the page nor its address does.
export const asPng = async (panel, credit) => (await library()).domToBlob(panel, { ...looks(panel, credit), scale: SCALE, type: "image/png" });

export async function asSvg(panel, credit) {
  const drawing = await (await library()).domToForeignObjectSvg(panel, looks(panel, credit));
  return new Blob([new XMLSerializer().serializeToString(withClasses(drawing))], { type: "image/svg+xml" });
}

// Only who asks for a picture waits for what makes it.
const library = () => import(new URL("./modern_screenshot.mjs", import.meta.url));

// Values are copied as they are computed, without the variables they come from and without what no picture shows.
function looks(panel, credit) {
  const { width, height } = panel.getBoundingClientRect(), below = creditLine(panel, credit, width);
  const wide = Math.ceil(width) + 2 * MARGIN, tall = Math.ceil(height) + below.height + 2 * MARGIN;
  return {
    width: wide, height: tall,
    style: { position: "relative", padding: `${MARGIN}px ${MARGIN}px ${MARGIN + below.height}px`, boxSizing: "border-box", width: `${wide}px`, height: `${tall}px` },
    backgroundColor: getComputedStyle(panel.closest("[data-testid=stApp]")).backgroundColor,
    includeStyleProperties: [...getComputedStyle(panel)].filter((name) => !UNSEEN.test(name)),
    onCloneEachNode: asItStands,
    onCloneNode: (clone) => clone.append(below.line),
    filter: (node) => !(node instanceof HTMLElement) || getComputedStyle(node).display !== "none",
  };
}

// A line that stands in no page: it is measured as wide as the panel, out of sight, and goes into the picture alone.
function creditLine(panel, credit, width) {
  const { color, fontFamily } = getComputedStyle(panel), line = document.createElement("p");
  Object.assign(line.style, { position: "absolute", left: `${MARGIN}px`, bottom: `${MARGIN}px`, width: `${width}px`, margin: 0, paddingTop: "12px", boxSizing: "border-box", color, fontFamily, fontSize: "12px", lineHeight: "16px", opacity: 0.75, visibility: "hidden" });
  line.textContent = credit;
  document.body.append(line);
  const height = Math.ceil(line.getBoundingClientRect().height);
  line.remove();
  line.style.visibility = "visible";
  return { line, height };
}

// What may scroll is cut where it is cut now; bars would take room from it. The height of a table is computed with its
// caption but set without it: its rows say how tall it is.
function asItStands({ localName, style }) {
  if (style && /auto|scroll/.test(`${style.overflowX} ${style.overflowY}`)) style.overflow = "hidden";
  if (localName === "table") style.height = "auto";
}

// Hundreds of elements look alike: said once for all of them.
function withClasses(drawing) {
  const classes = new Map();
  for (const each of drawing.querySelectorAll("[style]")) {
    const style = each.getAttribute("style");
    if (!classes.has(style)) classes.set(style, `look-${classes.size}`);
    each.setAttribute("class", `${each.getAttribute("class") ?? ""} ${classes.get(style)}`);
    each.removeAttribute("style");
  }
  const sheet = document.createElementNS("http://www.w3.org/2000/svg", "style");
  sheet.textContent = [...classes].map(([style, name]) => `.${name} { ${style} }`).join("\n");
  drawing.prepend(sheet);
  return drawing;
}
