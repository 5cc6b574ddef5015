// Messages that wait in a queue, and what a topic, a bus or a mail box was sent.
import { get } from "./api.js";
import { button, element, facts, nothing, replace, textBlock } from "./dom.js";
import { pagedList } from "./pages.js";
import { cut, plural, pretty, time } from "./text.js";

const LONGEST_LINE = 120;

export const messages = (place, node, app, signal) => {
  const counts = element("p", { class: "quiet", role: "status" });
  const paged = pagedList({
    label: "messages",
    signal,
    changes: app.changesAt(node.id),
    load: (cursor) => get("/api/messages", { node: node.id, cursor }, signal),
    draw: (answer) => {
      counts.textContent = `${answer.waiting} waiting, ${answer.in_flight} in flight, ${answer.delayed} delayed`;
      if (!answer.messages.length) return nothing("No message waits here. Messages appear while nobody has received them; looking does not receive them.");
      return element("ul", { class: "items" }, answer.messages.map((one) => message(one, app)));
    },
  });
  replace(place, counts, paged.list);
};

const message = (one, app) =>
  item(
    [time(one.sent), element("span", { class: "title" }, cut(one.body, LONGEST_LINE))],
    [
      facts([
        ["Message id", one.id],
        ["Received", `${plural(one.received, "time")}${one.visible ? "" : ", in flight now"}`],
        ...(one.group ? [["Group", one.group]] : []),
        ...Object.entries(one.attributes ?? {}),
      ]),
      textBlock("Body", pretty(one.body)),
      one.truncated && element("p", { class: "quiet" }, "Only the beginning is shown."),
      one.follow && button("Follow", () => app.follow(one.follow)),
    ],
  );

export const sent = (place, node, app, signal) => {
  const paged = pagedList({
    label: "notifications",
    signal,
    changes: app.changesAt(node.id),
    load: () => get("/api/sent", { node: node.id }, signal),
    draw: (answer) => [
      answer.skipped ? element("p", { class: "quiet" }, `${plural(answer.skipped, "older message")} skipped.`) : null,
      answer.sent.length
        ? element("ul", { class: "items" }, answer.sent.map((one) => notification(one, app)))
        : nothing("Nothing was sent yet. Mails and notifications stay on this machine and are shown here."),
    ],
  });
  replace(place, paged.list);
};

const notification = (one, app) =>
  item(
    [time(one.time), element("span", { class: "title" }, one.subject || cut(one.body ?? "", LONGEST_LINE)), element("span", { class: "quiet" }, [one.protocol, one.to].filter(Boolean).join(" to "))],
    [
      facts([
        ...(one.topic ? [["Topic", one.topic]] : []),
        ...(one.to ? [["To", one.to]] : []),
        ...(one.subject ? [["Subject", one.subject]] : []),
        ["Id", one.id],
      ]),
      textBlock("Body", pretty(one.body ?? "")),
      one.follow && button("Follow", () => app.follow(one.follow)),
    ],
  );

/** A line of a list that opens. */
export const item = (line, inside) => element("li", {}, element("details", {}, element("summary", {}, line), element("div", { class: "inside" }, inside)));
