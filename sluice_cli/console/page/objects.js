// The objects of a bucket, and a preview of one of them.
import { downloadAddress, get } from "./api.js";
import { button, cells, element, facts, field, nothing, replace, table, textBlock } from "./dom.js";
import { pagedList } from "./pages.js";
import { bytes, time } from "./text.js";

const PAGE = 100;

export const objects = (place, node, app, signal) => {
  const prefix = element("input", { type: "search", autocomplete: "off", placeholder: "in/" });
  const preview = element("section", { class: "preview", "aria-label": "Object", tabindex: -1, hidden: true });
  const paged = pagedList({
    label: "objects",
    signal,
    changes: app.changesAt(node.id),
    load: (cursor) => get("/api/objects", { node: node.id, prefix: prefix.value, cursor, limit: PAGE }, signal),
    draw: ({ objects: found }) =>
      found.length
        ? table("Objects", ["Key", "Size", "Modified", ""], found.map((one) => row(one)))
        : nothing(prefix.value ? "No object's key begins so." : "The bucket is empty. Drop a file onto its box in the picture, or use the tab Upload."),
  });
  const row = (one) =>
    cells(
      button(one.key, (event) => show(one.key, event.target), { class: "link key" }),
      bytes(one.size),
      time(one.modified),
      element(
        "span",
        { class: "actions" },
        one.follow && button("Follow", () => app.follow(one.follow), { "aria-label": `Follow ${one.key}` }),
        element("a", { href: downloadAddress(node.id, one.key), download: "", "aria-label": `Download ${one.key}` }, "Download"),
      ),
    );
  let latest = 0;
  let opener = prefix; // gets the focus back
  const show = async (key, from) => {
    opener = from;
    const mine = ++latest;
    preview.hidden = false;
    replace(preview, element("h3", {}, key), element("p", { class: "quiet" }, "Loading…"));
    preview.focus();
    let shown;
    try {
      shown = content(await get("/api/object", { node: node.id, key }, signal), node, app);
    } catch (error) {
      shown = [element("p", { class: "bad" }, error.message)];
    }
    if (mine !== latest || signal.aborted) return;
    replace(preview, element("h3", {}, key), button("Close", () => close(), { class: "close" }), shown);
  };
  const close = () => {
    preview.hidden = true;
    (opener.isConnected ? opener : prefix).focus();
  };
  preview.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  const form = element("form", { class: "filters", role: "search", onsubmit: (event) => (event.preventDefault(), paged.reload()) }, field("Prefix", prefix), element("button", {}, "Show"));
  replace(place, form, preview, paged.list);
};

const content = (object, node, app) => [
  facts([
    ["Size", bytes(object.size)],
    ["Modified", time(object.modified)],
    ["Type", object.content_type ?? "none"],
    ...(object.version ? [["Version", object.version]] : []),
    ...Object.entries(object.metadata ?? {}),
  ]),
  element(
    "p",
    { class: "actions" },
    object.follow && button("Follow", () => app.follow(object.follow)),
    element("a", { href: downloadAddress(node.id, object.key, object.version), download: "" }, "Download"),
  ),
  object.preview === "image" && element("img", { src: object.image, alt: `Preview of ${object.key}`, class: "picture-preview" }),
  object.preview === "text" && textBlock(`Text of ${object.key}`, object.text),
  object.preview === "text" && object.truncated && element("p", { class: "quiet" }, "Only the beginning is shown; Download has it all."),
  object.preview === "none" && element("p", { class: "quiet" }, object.reason ?? "No preview."),
];
