// The alarms of a box or of a stack, and their state.
import { get } from "./api.js";
import { button, element, facts, nothing, replace } from "./dom.js";
import { pagedList } from "./pages.js";
import { time } from "./text.js";

const STATES = { OK: ["ok", "good"], ALARM: ["ringing", "bad"], INSUFFICIENT_DATA: ["no data yet", "soft"] };

export const alarms = (place, node, app, signal) => {
  const paged = pagedList({
    label: "alarms",
    signal,
    changes: app.changesAt(node.id),
    load: () => get("/api/alarms", { node: node.id }, signal),
    draw: (answer) => (answer.alarms.length ? element("ul", { class: "items" }, answer.alarms.map((one) => alarm(one, app))) : nothing("No alarm watches this.")),
  });
  replace(place, paged.list);
};

const alarm = (one, app) => {
  const [word, look] = STATES[one.state] ?? [one.state, "soft"];
  const box = app.nodes.get(one.node);
  return element(
    "li",
    {},
    element("p", {}, element("span", { class: `state ${look}` }, word), " ", element("strong", {}, one.title || one.name)),
    one.description && element("p", {}, one.description),
    facts([
      ["Rule", `${one.metric ?? "metric math"} ${one.comparison} ${one.threshold}`],
      ["Since", time(one.since)],
      ...(one.reason ? [["Reason", one.reason]] : []),
      ["Name", one.name],
      ...(box ? [["Watches", button(box.title, () => app.open(box.id), { class: "link" })]] : []),
    ]),
  );
};
