// What is known of the box that is open, in tabs.
import { alarms } from "./alarms.js";
import { calling } from "./calling.js";
import { button, element, facts, replace } from "./dom.js";
import { failures } from "./failures.js";
import { log } from "./logs.js";
import { messages, sent } from "./messages.js";
import { metrics } from "./metrics.js";
import { objects } from "./objects.js";
import { rows } from "./rows.js";
import { invoking, message, publishing, reading, sendingEvent, uploading } from "./sending.js";
import { tabList } from "./tabs.js";
import { traces } from "./traces.js";
import { TABS } from "./words.js";

const about = (place, node, app) => {
  const other = app.nodes.get(app.nodes.get(node.id)?.same_as);
  replace(
    place,
    node.note && element("p", { class: "quiet" }, node.note),
    facts([
      ...node.facts.map((one) => [one.name, one.value]),
      ["Name", node.name || "–"],
      ...(node.arn ? [["ARN", node.arn]] : []),
      ...(node.region ? [["Region", node.region]] : []),
      ...(node.address ? [["Terraform address", node.address]] : []),
      ...(node.construct ? [["Construct", node.construct]] : []),
      ...(other ? [["In its stack", button(`${other.title} of ${other.stack}`, () => app.open(other.id), { class: "link" })]] : []),
    ]),
  );
};

const VIEWS = {
  objects, rows, rejects: rows, messages, sent, failures, log, traces, metrics, alarms,
  upload: uploading, call: calling, message, publish: publishing, invoke: invoking, event: sendingEvent, reading, about,
};

/** The names of a box's tabs: what is in it, what can be put in, what happened to it, what it is. */
const tabsOf = (node) => {
  const inside = ["objects", "rows", "rejects", "messages", "sent", "failures"].filter((one) => node.tabs.includes(one));
  const into = node.actions.filter((one) => one in VIEWS);
  const rest = ["log", "traces", "metrics", "alarms"].filter((one) => node.tabs.includes(one));
  return [...inside, ...into, ...rest, "about"];
};

/** Fills `place` with a box. `tab` is the tab to begin with; `changed` gets the tab that is chosen later. */
export const panel = async (place, id, tab, app, signal, changed) => {
  const known = app.nodes.get(id);
  const heading = element("h2", { tabindex: -1 }, known?.title ?? "Box", element("small", {}, known?.subtitle ?? ""));
  const head = element("div", { class: "head" }, heading, button("Close", () => app.close(), { class: "close" }));
  const inside = element("div", { class: "inside-tab" }, element("p", { class: "quiet" }, "Loading…"));
  const top = element("div", { class: "panel-top" }, head);
  replace(place, top, inside);
  heading.focus({ preventScroll: true });
  let node;
  try {
    node = await app.node(id, signal);
  } catch (error) {
    if (!signal.aborted) replace(inside, element("p", { class: "bad" }, error.message));
    return;
  }
  if (signal.aborted) return;
  if (!known) replace(heading, node.title, element("small", {}, node.subtitle));
  const all = tabsOf(node);
  let ended = new AbortController();
  signal.addEventListener("abort", () => ended.abort());
  const show = (name) => {
    ended.abort();
    ended = new AbortController();
    select(name);
    inside.replaceChildren();
    VIEWS[name](inside, node, app, ended.signal);
  };
  const { list, select } = tabList(`About ${node.title}`, all.map((one) => ({ id: one, label: TABS[one] })), inside, (name) => {
    show(name);
    changed(name);
  });
  top.append(list); // the heading stays where it is, and keeps the focus
  show(all.includes(tab) ? tab : all[0]);
};
