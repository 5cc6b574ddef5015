// Forms that put something in: files, messages, events, readings.
import { get, post, upload } from "./api.js";
import { button, element, field, replace, select, textBlock, working } from "./dom.js";
import { schemaInput } from "./schema_form.js";
import { bytes, duration, parsed } from "./text.js";
import { logLine } from "./logs.js";
import { READ_ONLY } from "./words.js";

/** A form with a button; `send` gives what to show when it is done. Disabled, with the reason, in a read-only console. */
const sendingForm = (place, app, fields, word, send) => {
  const status = element("div", { role: "status", class: "answer" });
  const submit = element("button", {}, word);
  const form = element(
    "form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        await working(submit, status, send);
        status.scrollIntoView({ block: "nearest" });
      },
    },
    app.writes ? null : element("p", { class: "note" }, READ_ONLY),
    element("fieldset", { disabled: !app.writes }, fields, submit),
    status,
  );
  replace(place, form);
};

const followButton = (thing, app) => (thing ? button("Follow", () => app.follow(thing)) : null);

/** Uploads files one after another; each has a notice with its progress. */
export const uploadFiles = async (node, files, app, { prefix } = {}) => {
  if (!app.writes) return app.notice(element("span", { class: "bad" }, READ_ONLY));
  let before = prefix;
  try {
    before ??= (await app.node(node.id)).bucket?.prefixes?.[0] ?? "";
  } catch (error) {
    return app.notice(element("span", { class: "bad" }, error.message));
  }
  for (const file of files) {
    const key = before + file.name;
    const share = element("progress", { max: 1, value: 0, "aria-label": `Sent of ${file.name}` });
    const words = element("span", {}, `${key}, ${bytes(file.size)}`);
    const change = app.notice(words, share);
    try {
      const done = await upload(node.id, key, file, (part) => (share.value = part));
      change(`Uploaded to ${node.title}: ${done.key}, ${bytes(done.size)}. `, followButton(done.follow, app));
    } catch (error) {
      change(element("span", { class: "bad" }, `${key} is not uploaded. ${error.message}`));
    }
  }
};

export const uploading = (place, node, app) => {
  const known = node.bucket?.prefixes ?? [];
  const files = element("input", { type: "file", multiple: true, required: true });
  const prefix = element("input", { autocomplete: "off", value: known[0] ?? "" });
  const suffixes = node.bucket?.suffixes ?? [];
  const note = [known.length ? `Notifications: ${known.map((one) => one || "every key").join(", ")}` : "", suffixes.length ? `names that end in ${suffixes.join(", ")}` : ""].filter(Boolean).join("; ");
  sendingForm(place, app, [field("Files", files, "or drop them onto the box in the picture"), field("Prefix of the key", prefix, note)], "Upload", async () => {
    await uploadFiles(node, [...files.files], app, { prefix: prefix.value });
    return "";
  });
};

/** What messages to queues and topics have besides their text: fields, and `given()`. */
const messageOptions = (node) => {
  const isFifo = node.messages?.fifo;
  const group = element("input", { autocomplete: "off", value: "console", required: true });
  const attributes = element("input", { autocomplete: "off", spellcheck: "false", placeholder: '{"name": "text"}' });
  return {
    fields: [isFifo && field("Message group", group, "messages of a group keep their order"), field("Attributes, as JSON", attributes)],
    given: () => ({
      ...(isFifo ? { group: group.value } : {}),
      ...(attributes.value.trim() ? { attributes: parsed(attributes.value, "Attributes") } : {}),
    }),
  };
};

export const message = (place, node, app) => {
  const body = element("textarea", { rows: 6, required: true, spellcheck: "false" });
  const options = messageOptions(node);
  sendingForm(place, app, [field("Body", body), options.fields], "Send", async () => {
    const answer = await post("/api/message", { node: node.id, body: body.value, ...options.given() });
    return [`Sent: ${answer.id}. `, followButton(answer.follow, app)];
  });
};

export const publishing = (place, node, app) => {
  const subject = element("input", { autocomplete: "off" });
  const body = element("textarea", { rows: 6, required: true, spellcheck: "false" });
  const options = messageOptions(node);
  sendingForm(place, app, [field("Subject", subject), field("Message", body), options.fields], "Publish", async () => {
    const answer = await post("/api/message", { node: node.id, body: body.value, ...(subject.value ? { subject: subject.value } : {}), ...options.given() });
    return [`Published: ${answer.id}. `, followButton(answer.follow, app)];
  });
};

export const invoking = (place, node, app, signal) => {
  const kinds = node.events ?? [];
  const event = element("textarea", { rows: 8, spellcheck: "false" });
  event.value = "{}";
  const notes = element("p", { class: "quiet", role: "status" });
  const example = select([["", "empty"], ...kinds], {
    onchange: async () => {
      if (!example.value) return (event.value = "{}");
      try {
        const answer = await get("/api/example", { node: node.id, kind: example.value }, signal);
        event.value = JSON.stringify(answer.event, null, 2);
        notes.textContent = (answer.notes ?? []).join(" ");
      } catch (error) {
        notes.textContent = error.message;
      }
    },
  });
  sendingForm(place, app, [kinds.length ? field("Example event", example) : null, notes, field("Event, as JSON", event)], "Invoke", async () => {
    const answer = await post("/api/invoke", { node: node.id, event: parsed(event.value, "The event") });
    return [
      element("p", { class: answer.ok ? "good" : "bad" }, answer.ok ? `Succeeded in ${duration(answer.seconds)}. ` : `Failed: ${answer.error} `, followButton(answer.follow, app)),
      textBlock("Answer", JSON.stringify(answer.answer, null, 2) ?? "null"),
      answer.log?.length ? element("ol", { class: "log", tabindex: 0, "aria-label": "Log of the run" }, answer.log.map((one) => logLine(one))) : null,
    ];
  });
};

export const sendingEvent = (place, node, app) => {
  const given = node.event; // of a schedule there is none
  const source = element("input", { autocomplete: "off", required: true, value: given?.source });
  const type = element("input", { autocomplete: "off", required: true, value: given?.["detail-type"] });
  const detail = element("textarea", { rows: 8, required: true, spellcheck: "false" });
  detail.value = JSON.stringify(given?.detail ?? {}, null, 2);
  const example = node.kind === "aws_cloudwatch_event_rule" ? "The event is an example that the rule matches." : "The event is an example.";
  const fields = given
    ? [element("p", { class: "quiet" }, example), field("Source", source), field("Detail type", type), field("Detail, as JSON", detail)]
    : [element("p", {}, "Runs the schedule now: it sends to its target what it would send at its time.")];
  sendingForm(place, app, fields, given ? "Send event" : "Run now", async () => {
    const event = given ? { event: { source: source.value, "detail-type": type.value, detail: parsed(detail.value, "Detail") } } : {};
    const answer = await post("/api/event", { node: node.id, ...event });
    return [`Sent: ${answer.id}. `, followButton(answer.follow, app)];
  });
};

export const reading = async (place, node, app, signal) => {
  let device;
  try {
    device = await get("/api/devices", { node: node.id }, signal);
  } catch (error) {
    return replace(place, element("p", { class: "bad" }, error.message));
  }
  const inputs = device.fields.map((one) => {
    const schema = one.choices ? { enum: one.choices } : { type: typeof one.value === "number" ? "number" : "string" };
    return [one.name, schemaInput(one.name, schema, one.value)];
  });
  const number = element("input", { type: "number", min: 1, max: 100, value: 1 });
  sendingForm(
    place,
    app,
    [device.note && element("p", { class: "quiet" }, device.note), inputs.map(([name, { input }]) => field(name, input)), field("How many", number)],
    "Send reading",
    async () => {
      const fields = Object.fromEntries(inputs.map(([name, { value }]) => [name, value()]));
      const answer = await post("/api/reading", { node: node.id, fields, count: Number(number.value) });
      return [`Sent: ${answer.keys.join(", ")}. `, followButton(answer.follow, app)];
    },
  );
};
