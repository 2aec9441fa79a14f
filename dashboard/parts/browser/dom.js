// Elements and numbers, written briefly; and what every component does when it is called.

const newest = new WeakMap();

// Streamlit calls for each change as soon as the script is there, and may mix up two that waited for it.
function overtaken(parentElement, { since }) {
  if (since < (newest.get(parentElement) ?? 0)) return true;
  newest.set(parentElement, since);
  return false;
}

// Streamlit also cleans up after a call that another one followed before the script was there: the component stays.
const whenGone = (parentElement, end) => () => parentElement.isConnected || end();

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// A row of buttons of which one is pressed.
function choice(label, options, pressed, choose) {
  const buttons = options.map(([value, text, name]) =>
    element("button", { type: "button", "aria-pressed": String(value === pressed), "aria-label": name, onclick: () => pick(value) }, text));
  const pick = (value) => {
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(options[place][0] === value)));
    choose(value);
  };
  return element("span", { class: "choice", role: "group", "aria-label": label }, ...buttons);
}

function selection(label, options, chosen, choose) {
  const select = element("select", { "aria-label": label, onchange: () => choose(select.value) });
  for (const [value, text] of options) select.append(element("option", { value, selected: value === chosen }, text));
  return select;
}

// Pictures and maps of fewer pixels across than this are shown as they are: smoothed, their pixels could not be told.
const FEW_PIXELS = 100;

function photo(attributes) {
  const made = element("img", { alt: "", ...attributes });
  made.addEventListener("load", () => made.classList.toggle("pixels", made.naturalWidth < FEW_PIXELS));
  return made;
}

const minus = (text) => text.replaceAll("-", "−");
const fixed = (value, digits = 2) => minus((Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toFixed(digits));
const percent = (share) => minus(`${Math.round(share * 100)} %`);
const withSpread = (value, spread) => (spread === null || spread === undefined ? fixed(value) : `${fixed(value)} ± ${fixed(spread)}`);
const counted = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

function short(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 10 && size < 10000) return minus(value.toFixed(0));
  if (size >= 0.001 && size < 10) return minus(value.toPrecision(2));
  const [digits, power] = value.toExponential(1).split("e");
  return minus(`${digits}e${Number(power)}`);
}
