// The log lines of a function or an API, live.
import { get } from "./api.js";
import { button, element, field, nothing, replace, textBlock } from "./dom.js";
import { count, cut, plural, time } from "./text.js";

const ASKED_EVERY = 1500; // milliseconds
const KEPT = 400; // lines in the document
const LONGEST_LINE = 2000;

export const log = (place, node, app, signal) => {
  const filter = element("input", { type: "search", autocomplete: "off" });
  const list = element("ol", { class: "log", tabindex: 0, "aria-label": "Log lines, newest last" });
  const status = element("p", { class: "quiet", role: "status" }, "Loading…");
  const stop = element("input", { type: "checkbox" });
  let cursor = null;
  let left = 0;
  let asking = null;

  const ask = async () => {
    clearTimeout(asking);
    if (signal.aborted) return;
    const first = cursor === null;
    const asked = filter.value;
    try {
      if (first || (!stop.checked && !document.hidden)) {
        const answer = await get("/api/logs", { node: node.id, filter: asked, cursor, limit: 200 }, signal);
        if (asked !== filter.value && !first) return;
        if (first) list.replaceChildren();
        cursor = answer.cursor;
        add(answer.lines);
      }
    } catch (error) {
      if (signal.aborted) return;
      status.textContent = error.message;
      if (error.status === 400) cursor = null; // of a local AWS that is gone
    }
    if (!signal.aborted) asking = setTimeout(ask, ASKED_EVERY);
  };
  const add = (lines) => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 20;
    if (lines.length) list.querySelector(".nothing")?.closest("li").remove();
    list.append(...lines.slice(-KEPT).map((one) => logLine(one, app)));
    left += Math.max(0, lines.length - KEPT);
    while (list.children.length > KEPT) {
      list.firstChild.remove();
      left += 1;
    }
    if (!list.children.length) list.append(element("li", {}, nothing(filter.value ? "No line has this text." : "No log lines yet. They appear when the function runs.")));
    if (atEnd) list.scrollTop = list.scrollHeight;
    status.textContent = left ? `${plural(left, "older line")} not shown; the newest ${KEPT} are` : "";
  };
  const again = () => {
    cursor = null;
    left = 0;
    ask();
  };
  let typing = null;
  filter.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(again, 300);
  });
  app.changesAt(node.id).addEventListener("change", () => !stop.checked && cursor !== null && ask(), { signal });
  replace(
    place,
    element("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() }, field("Find", filter), element("label", { class: "switch" }, stop, "hold"), status),
    list,
  );
  ask();
};

export const logLine = (one, app) => {
  const level = (one.level ?? "").toLowerCase();
  const long = one.text.length > LONGEST_LINE;
  const text = element("span", { class: "text" }, long ? cut(one.text, LONGEST_LINE) : one.text);
  return element(
    "li",
    { class: `${one.platform ? "platform" : ""} ${level}` },
    time(one.time, true),
    level && element("span", { class: "level" }, one.level),
    one.binary && element("span", { class: "level" }, "binary"),
    text,
    one.fields && Object.keys(one.fields).length ? element("details", {}, element("summary", {}, plural(Object.keys(one.fields).length, "field")), textBlock("Fields", JSON.stringify(one.fields, null, 2))) : null,
    one.cut ? element("span", { class: "level" }, `the first ${count(one.text.length)} of ${count(one.cut)} characters`) : null,
    long && button(one.cut ? "Show more" : "Whole line", (event) => (replace(text, one.text), event.target.remove())),
    one.request_id && app && button("Follow", () => app.follow(`request:${one.request_id}`), { "aria-label": `Follow request ${one.request_id}` }),
  );
};
