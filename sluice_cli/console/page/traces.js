// Traces of X-Ray, each as a waterfall.
import { get } from "./api.js";
import { button, cells, element, nothing, replace, table } from "./dom.js";
import { pagedList } from "./pages.js";
import { duration, plural, time } from "./text.js";

const SHOWN = 200; // parts of a waterfall at a time
const DEEPEST = 12; // levels of indentation

export const traces = (place, node, app, signal) => {
  const shown = element("section", { class: "preview", "aria-label": "Trace", tabindex: -1, hidden: true });
  const paged = pagedList({
    label: "traces",
    signal,
    changes: app.changesAt(node.id),
    load: () => get("/api/traces", { node: node.id }, signal),
    draw: (answer) =>
      answer.traces.length
        ? table(
            "Traces of the last hour",
            ["Start", "Took", "Status", "Functions", ""],
            answer.traces.map((one) =>
              cells(
                button(time(one.start, true).textContent, (event) => show(one.id, event.target), { class: "link", "aria-label": `Trace of ${time(one.start, true).textContent}` }),
                duration(one.seconds),
                element("span", { class: one.status === "ok" ? "" : "bad" }, one.status),
                one.functions.join(", "),
                button("Follow", () => app.follow(`trace:${one.id}`), { "aria-label": `Follow trace of ${time(one.start, true).textContent}` }),
              ),
            ),
          )
        : nothing("No trace in the last hour. A function with tracing leaves one for each run."),
  });
  let opener = shown; // gets the focus back
  const close = () => {
    shown.hidden = true;
    opener.focus();
  };
  shown.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  let latest = 0;
  const show = async (id, from) => {
    opener = from;
    const mine = ++latest;
    shown.hidden = false;
    replace(shown, element("p", { class: "quiet" }, "Loading…"));
    let inside;
    try {
      inside = waterfall(await get("/api/trace", { id }, signal));
    } catch (error) {
      inside = element("p", { class: "bad" }, error.message);
    }
    if (mine !== latest || signal.aborted) return; // another trace was opened meanwhile
    replace(shown, element("h3", {}, `Trace ${id}`), button("Close", close, { class: "close" }), inside);
    shown.focus();
  };
  replace(place, shown, paged.list);
};

/** A trace's parts below each other, with a bar of when each ran. */
export const waterfall = (trace) => {
  const list = element("ol", { class: "waterfall", "aria-label": `Parts of the trace, ${duration(trace.seconds)} in all` });
  const rest = [...trace.spans];
  const more = button("Show more", () => add());
  const add = () => {
    list.append(...rest.splice(0, SHOWN).map((span) => part(span, trace)));
    more.hidden = !rest.length;
    more.textContent = `Show ${Math.min(SHOWN, rest.length)} more of ${rest.length}`;
  };
  add();
  return [list, more, trace.left_out ? element("p", { class: "quiet" }, `${plural(trace.left_out, "more part")} left out.`) : null];
};

const part = (span, trace) => {
  const name = element("span", { class: "name" }, span.name);
  name.style.paddingInlineStart = `${Math.min(span.depth, DEEPEST) * 0.9}rem`;
  return element(
    "li",
    { class: `${span.status === "ok" ? "" : "bad"} ${span.function ? "function" : ""}` },
    name,
    element("span", { class: "took" }, duration(span.seconds)),
    bar((span.start - trace.start) / (trace.seconds || 1e-6), (span.seconds ?? 0) / (trace.seconds || 1e-6)),
    (span.messages ?? []).slice(0, 2).map((one) => element("span", { class: "bad message" }, one)),
  );
};

/** A bar from `start`, `share` long, both parts of the whole. */
export const bar = (start, share) => {
  const within = (value) => Math.min(1, Math.max(0, value || 0));
  const inner = element("span", {});
  inner.style.marginInlineStart = `${within(start) * 99}%`;
  inner.style.width = `${Math.max(0.5, within(Math.min(share, 1 - within(start))) * 100)}%`;
  return element("span", { class: "bar-of-time", "aria-hidden": "true" }, inner);
};
