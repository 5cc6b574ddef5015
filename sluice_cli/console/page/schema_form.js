// A form for a value that a JSON schema describes; what it cannot offer as fields is written as JSON.
import { element, field, replace, select } from "./dom.js";
import { cut, parsed } from "./text.js";

const INPUTS = { string: "text", number: "number", integer: "number" };

const typeOf = (schema) => (Array.isArray(schema?.type) ? schema.type.find((one) => one !== "null") : schema?.type);

/** The input for a schema, and `value()`, which is undefined where nothing is given. Throws in words. */
export const schemaInput = (name, schema, given) => {
  const type = typeOf(schema);
  const choices = schema?.enum ?? (type === "boolean" ? [true, false] : null);
  if (choices) {
    const texts = choices.map(String);
    const input = select(["", ...texts]);
    if (given !== undefined) input.value = String(given);
    return { input, value: () => (input.value === "" ? undefined : choices[texts.indexOf(input.value)]) };
  }
  if (type in INPUTS) {
    const input = element("input", { type: INPUTS[type], step: type === "integer" ? 1 : "any", autocomplete: "off", min: schema.minimum, max: schema.maximum });
    if (given !== undefined) input.value = String(given);
    return { input, value: () => (input.value === "" ? undefined : type === "string" ? input.value : Number(input.value)) };
  }
  const input = element("textarea", { rows: 4, spellcheck: "false" });
  if (given !== undefined) input.value = JSON.stringify(given, null, 2);
  return { input, value: () => (input.value.trim() === "" ? undefined : parsed(input.value, name)) };
};

const notes = (schema, required) =>
  [required ? "required" : "", schema?.description ?? "", schema?.format ?? "", schema?.pattern && !schema.description ? `matches ${cut(schema.pattern, 60)}` : ""].filter(Boolean).join("; ");

/**
 * A form for an object: a field for each property, or its JSON. Gives the element, and `text()`, the value as JSON text, or
 * null where the form is empty.
 */
export const schemaForm = (schema, example) => {
  const properties = Object.entries(schema?.properties ?? {});
  const json = element("textarea", { rows: 8, spellcheck: "false" });
  json.value = example ?? "";
  let start = {};
  try {
    start = JSON.parse(example) ?? {};
  } catch {
    // No example, or not JSON: the fields begin empty.
  }
  const required = new Set(schema?.required ?? []);
  const fields = properties.map(([name, one]) => [name, one, schemaInput(name, one, start[name])]);
  const value = () => {
    const found = {};
    for (const [name, , { value: read }] of fields) if (read() !== undefined) found[name] = read();
    return found;
  };
  const asJson = element("input", { type: "checkbox" });
  const place = element("div", {});
  const draw = () =>
    replace(place, asJson.checked ? field("Body", json) : fields.map(([name, one, { input }]) => field(name, input, notes(one, required.has(name)))));
  asJson.addEventListener("change", () => {
    if (asJson.checked) {
      try {
        json.value = JSON.stringify(value(), null, 2);
      } catch {
        // What is no JSON yet stays in its own field.
      }
    }
    draw();
  });
  asJson.checked = !properties.length;
  draw();
  return {
    form: element("div", {}, properties.length ? element("label", { class: "switch" }, asJson, "write the body as JSON") : null, place),
    text: () => (asJson.checked ? json.value || null : JSON.stringify(value())),
  };
};
