// Elements from plain values. Strings become text nodes: nothing that comes from the deployed stacks is parsed as markup.
import { visible } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `on...` properties are listeners; null, undefined and false leave a property or child out. */
export const element = (tag, properties, ...children) =>
  complete(document.createElement(tag), properties, children);

/** An SVG element, likewise. */
export const shape = (tag, properties, ...children) =>
  complete(document.createElementNS(SVG, tag), properties, children);

const READ = new Set(["aria-label", "alt", "title"]); // attributes that people read

const complete = (made, properties, children) => {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : READ.has(name) ? visible(value) : value);
  }
  append(made, children);
  return made;
};

const append = (place, children) => {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    place.append(child instanceof Node ? child : visible(String(child)));
  }
};

/** Puts children in place of what an element contains. */
export const replace = (place, ...children) => {
  place.replaceChildren();
  append(place, children);
};

export const button = (text, onclick, properties) =>
  element("button", { type: "button", onclick, ...properties }, text);

let last = 0;
/** An id that no other element of the page has. */
export const freshId = () => `id-${++last}`;

/** A label with its input, words below it, and what else belongs to it. */
export const field = (label, input, note, beside) => {
  input.id ||= freshId();
  const words = note ? element("small", { id: freshId() }, note) : null;
  if (words) input.setAttribute("aria-describedby", words.id);
  return element("div", { class: "field" }, element("label", { for: input.id }, label), input, beside, words);
};

export const select = (options, properties) =>
  element(
    "select",
    properties,
    options.map((one) => (Array.isArray(one) ? element("option", { value: one[0] }, one[1]) : element("option", { value: one }, one))),
  );

/** A table in a region of its own that scrolls sideways. */
export const table = (label, headings, rows) =>
  element(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, headings.map((one) => element("th", { scope: "col" }, one || element("span", { class: "unseen" }, "Actions"))))),
      element("tbody", {}, rows),
    ),
  );

export const cells = (...values) => element("tr", {}, values.map((one) => element("td", {}, one)));

/** Text that keeps its lines, and scrolls where it is long. */
export const textBlock = (label, text) => element("pre", { tabindex: 0, role: "group", "aria-label": label }, text);

/** Names and values. */
export const facts = (pairs) =>
  element("dl", { class: "facts" }, pairs.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));

/** What a list shows when it has nothing: what it would contain, and how something gets there. */
export const nothing = (text) => element("p", { class: "nothing" }, text);

/** Runs `work` for a button: no second time meanwhile, and its failure as text in `status`. The button keeps the focus. */
export const working = async (pressed, status, work) => {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  replace(status, "Working…");
  try {
    const words = await work();
    replace(status, ...[words ?? ""].flat());
  } catch (error) {
    replace(status, element("span", { class: "bad" }, error.message));
  } finally {
    pressed.removeAttribute("aria-disabled");
  }
};
