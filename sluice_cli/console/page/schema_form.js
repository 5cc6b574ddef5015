// A form for a value that a JSON schema describes: fields for texts, numbers and choices, groups for objects, lists that
// grow for arrays. What it cannot offer as fields is written as JSON. The server has replaced the schema's references.
import { button, element, field, freshId, replace, select } from "./dom.js";
import { cut, parsed } from "./text.js";

const INPUTS = { string: "text", number: "number", integer: "number" };
const DEEPEST = 5; // groups within groups; what is deeper is JSON

const typesOf = (schema) => [schema?.type ?? (schema?.properties ? "object" : schema?.items ? "array" : [])].flat();
const typeOf = (schema) => typesOf(schema).find((one) => one !== "null");

const choicesOf = (schema) => ("const" in (schema ?? {}) ? [schema.const] : (schema?.enum ?? (typeOf(schema) === "boolean" ? [true, false] : null)));

/** Whether a text is base64, by the schema's words. */
const takesBase64 = (schema) => schema?.format === "byte" || /^base-?64/i.test(schema?.contentEncoding ?? "") || /\bbase-?64\b/i.test(schema?.description ?? "");

/**
 * The control for a schema: `element` with its label, and `value()`, which is undefined where nothing is given. `required`:
 * the object that has it needs it. Throws in words what is wrong.
 */
export const schemaField = (name, schema, given, { required = false, depth = 0, note = "" } = {}) => {
  const words = [note, required ? "required" : "", ...notes(schema)].filter(Boolean).join("; ");
  const type = typeOf(schema);
  if (!choicesOf(schema) && depth < DEEPEST) {
    if (type === "object" && schema.properties) return group(name, schema, given, words, required, depth);
    if (type === "array" && schema.items && !Array.isArray(schema.items)) return list(name, schema, given, words, required, depth);
  }
  const { input, value, beside } = schemaInput(name, schema, given, required);
  return { element: field(name, input, words, beside), value, input };
};

const notes = (schema) => [
  schema?.description ?? "",
  schema?.format ?? "",
  schema?.pattern && !schema.description ? `matches ${cut(schema.pattern, 60)}` : "",
];

/** The input for a schema without groups and lists, and `value()`. */
export const schemaInput = (name, schema, given, required = false) => {
  const type = typeOf(schema);
  const choices = choicesOf(schema);
  const none = () => (required && typesOf(schema).includes("null") ? null : undefined);
  if (choices) {
    // By their number: a choice may be an empty text, and 1 differs from "1".
    const input = select([["", ""], ...choices.map((one, number) => [number, typeof one === "string" ? one || "(empty)" : JSON.stringify(one)])], { required });
    const at = choices.findIndex((one) => JSON.stringify(one) === JSON.stringify(given));
    if (at >= 0) input.value = String(at);
    return { input, value: () => (input.value === "" ? none() : choices[Number(input.value)]) };
  }
  if (type === "string") {
    // A required text may be empty, unless it has to be longer.
    const input = element("input", { autocomplete: "off", required: required && schema.minLength > 0 });
    if (given !== undefined) input.value = String(given ?? "");
    const empty = () => (none() === undefined && required ? "" : none());
    return { input, value: () => (input.value === "" ? empty() : input.value), beside: takesBase64(schema) ? fileInput(name, input) : null };
  }
  if (type in INPUTS) {
    const input = element("input", { type: "number", step: type === "integer" ? 1 : "any", autocomplete: "off", min: schema.minimum, max: schema.maximum, required: required && none() === undefined });
    if (given !== undefined) input.value = String(given ?? "");
    return { input, value: () => (input.value === "" ? none() : number(name, input.value)) };
  }
  const input = element("textarea", { rows: 4, spellcheck: "false", required: required && none() === undefined });
  if (given !== undefined) input.value = JSON.stringify(given, null, 2);
  return { input, value: () => (input.value.trim() === "" ? none() : parsed(input.value, name)) };
};

const number = (name, text) => {
  const value = Number(text);
  if (/^[+-]?\d+$/.test(text) && !Number.isSafeInteger(value)) throw new Error(`${name} would be rounded: write the body as JSON.`);
  return value;
};

/** Fills a text with the base64 of a file. */
const fileInput = (name, input) =>
  element("input", {
    type: "file",
    "aria-label": `File for ${name}, written in base64`,
    onchange: (event) => {
      const reader = new FileReader();
      // `data:TYPE;base64,TEXT`; of an empty file there is no text
      reader.onload = () => (input.value = reader.result.split(",", 2)[1] ?? "");
      if (event.target.files[0]) reader.readAsDataURL(event.target.files[0]);
    },
  });

const legend = (name, words) => element("legend", {}, name, words && element("small", {}, ` ${words}`));

/** An object: its properties as fields of a group. */
const group = (name, schema, given, words, required, depth) => {
  const { fields, value } = properties(schema, given, required, depth);
  const some = () => {
    const found = value();
    return required || Object.keys(found).length ? found : undefined;
  };
  return { element: element("fieldset", { class: "group" }, legend(name, words), fields), value: some };
};

const properties = (schema, given, required, depth) => {
  const needed = new Set(Array.isArray(schema.required) ? schema.required : []);
  const all = Object.entries(schema.properties).map(([name, one]) => [
    name,
    schemaField(name, one, given?.[name], { required: required && needed.has(name), depth: depth + 1, note: !required && needed.has(name) ? "needed with the others" : "" }),
  ]);
  const value = () => {
    const found = {};
    for (const [name, { value: read }] of all) {
      const one = read();
      if (one !== undefined) found[name] = one;
    }
    return found;
  };
  return { fields: all.map(([, { element: made }]) => made), value };
};

/** An array: a list of its items, each of which can be removed, and a button for one more. */
const list = (name, schema, given, words, required, depth) => {
  const items = new Set();
  const place = element("div", {});
  const add = (value, focused) => {
    const one = schemaField(`${name}, item ${items.size + 1}`, schema.items, value, { required: true, depth: depth + 1 });
    const line = element("div", { class: "item" }, one.element);
    line.append(
      button(
        "Remove",
        () => {
          items.delete(one);
          line.remove();
          more.focus();
        },
        { "aria-label": `Remove an item of ${name}` },
      ),
    );
    items.add(one);
    place.append(line);
    if (focused) line.querySelector("input, select, textarea")?.focus();
  };
  const more = button("Add an item", () => add(undefined, true), { "aria-label": `Add an item to ${name}` });
  for (const one of Array.isArray(given) ? given : []) add(one);
  const value = () => {
    const found = [...items].map(({ value: read }) => read() ?? null);
    return required || found.length ? found : undefined;
  };
  return { element: element("fieldset", { class: "group" }, legend(name, words), place, more), value };
};

const isJson = (type) => /[/+]json$/i.test(type.split(";")[0].trim());
const FORM = "application/x-www-form-urlencoded";

/** A form for a body of a route: JSON and web forms have fields, others are written as text. */
export const bodyForm = ({ content_type: type, schema, example }) => {
  if (isJson(type)) return schemaForm(schema, example);
  if (type.startsWith(FORM)) {
    const { form, text } = schemaForm(schema, example);
    return { form, text: () => encoded(parsed(text() ?? "{}", "The body")) };
  }
  const input = element("textarea", { rows: 8, spellcheck: "false" });
  input.value = example ?? "";
  return { form: field("Body", input, type), text: () => input.value || null };
};

/** https://url.spec.whatwg.org/#application/x-www-form-urlencoded; a list gives its name several times. */
const encoded = (value) =>
  new URLSearchParams(
    Object.entries(value ?? {}).flatMap(([name, one]) => [one].flat().map((item) => [name, typeof item === "string" ? item : JSON.stringify(item)])),
  ).toString();

/**
 * A form for a body: fields where its schema names properties, or JSON. Gives the element, and `text()`, the value as JSON
 * text, or null where the form is empty.
 */
export const schemaForm = (schema, example) => {
  const named = Object.keys(schema?.properties ?? {}).length > 0;
  const json = element("textarea", { rows: 8, spellcheck: "false", id: freshId() });
  json.value = example ?? "";
  let start = {};
  try {
    start = JSON.parse(example) ?? {};
  } catch {
    // No example, or not JSON: the fields begin empty.
  }
  const made = named ? properties(schema, start, true, 0) : { fields: [], value: () => ({}) };
  const asJson = element("input", { type: "checkbox" });
  const place = element("div", {});
  const draw = () => replace(place, asJson.checked ? field("Body", json) : made.fields);
  asJson.addEventListener("change", () => {
    if (asJson.checked) {
      try {
        json.value = JSON.stringify(made.value(), null, 2);
      } catch {
        // What is no JSON yet stays in its own field.
      }
    }
    draw();
  });
  asJson.checked = !named;
  draw();
  return {
    form: element("div", {}, named ? element("label", { class: "switch" }, asJson, "write the body as JSON") : null, place),
    text: () => (asJson.checked ? json.value || null : JSON.stringify(made.value())),
  };
};
