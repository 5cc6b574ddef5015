// The whole way of one thing: its steps with times, calls and log lines.
import { get } from "./api.js";
import { button, element, nothing, replace } from "./dom.js";
import { where } from "./happenings.js";
import { logLine } from "./logs.js";
import { cut, duration, plural, time } from "./text.js";
import { bar, waterfall } from "./traces.js";
import { kindText, tone } from "./words.js";

const ASKED_EVERY = 1000; // milliseconds, while something still runs or happens where it went
const LONGEST = 10 * 60_000; // milliseconds; then it is asked again by hand only
const LONGEST_TITLE = 120; // characters
const DEEPEST = 6; // levels of indentation

export const following = (place, thing, app, signal) => {
  const heading = element("h2", { tabindex: -1 }, "Follow");
  const status = element("p", { class: "quiet", role: "status" }, "Loading…");
  const steps = element("div", {});
  const play = button("Show in the picture", () => replay(), { disabled: true });
  const head = element("div", { class: "head" }, heading, button("Close", () => app.close(), { class: "close" }));
  replace(place, element("div", { class: "panel-top" }, head), element("p", { class: "actions" }, play, button("Refresh", () => ask())), status, steps);
  const began = performance.now();
  let shown = "";
  let way = null;
  let asking = null;
  signal.addEventListener("abort", () => clearTimeout(asking));

  const heard = new Set(); // boxes
  const askSoon = () => {
    if (performance.now() - began < LONGEST) asking ??= setTimeout(ask, ASKED_EVERY);
  };
  let running = false;
  let missed = false; // a reason to ask while it was asked
  const ask = async () => {
    clearTimeout(asking);
    asking = null;
    missed = running;
    if (running) return;
    running = true;
    try {
      await answered();
    } finally {
      running = false;
    }
    if (missed && !signal.aborted) askSoon();
  };
  const answered = async () => {
    try {
      way = await get("/api/follow", { thing }, signal);
    } catch (error) {
      if (signal.aborted) return;
      status.textContent = error.message;
      status.classList.add("bad");
      return;
    }
    if (signal.aborted) return;
    status.classList.remove("bad");
    replace(heading, cut(way.title || "Follow", LONGEST_TITLE)); // a message's is its body
    replace(
      status,
      `${plural(way.steps.length, "step")} in ${duration(way.end - way.start)}, from `,
      time(way.start, true),
      way.complete ? ". Complete." : ". Something still runs…",
      way.truncated ? " Only the beginning is shown." : "",
    );
    play.disabled = !way.steps.length;
    const text = JSON.stringify(way.steps);
    if (text !== shown) draw();
    shown = text;
    if (!way.complete) askSoon();
    // What waited, in a queue or until a retry, goes on after the way was complete.
    for (const { node } of way.steps) {
      if (node && !heard.has(node)) app.changesAt(node).addEventListener("change", askSoon, { signal });
      heard.add(node);
    }
  };
  const draw = () => {
    const open = new Set([...steps.querySelectorAll("details[open]")].map((one) => one.dataset.of));
    const focused = steps.contains(document.activeElement) ? document.activeElement.closest("li.step")?.dataset.number : null;
    replace(
      steps,
      way.steps.length ? element("ol", { class: "way" }, way.steps.map((one) => step(one, way, app))) : nothing("Nothing is known of it. Things are followed from when the local AWS started."),
      (way.traces ?? []).map((id) => traceOf(id, signal)),
    );
    for (const one of steps.querySelectorAll("details")) one.open = open.has(one.dataset.of);
    if (focused) steps.querySelector(`[data-number="${focused}"] :is(button, summary)`)?.focus();
  };
  const replay = () => {
    let wait = 0;
    for (const one of way.steps) {
      setTimeout(() => !signal.aborted && app.showAgain(one), (wait += 450));
    }
  };
  heading.focus();
  ask();
};

const step = (one, way, app) => {
  const whole = way.end - way.start;
  const made = element(
    "li",
    { class: `step ${tone(one)}` },
    element(
      "p",
      { class: "headline" },
      element("span", { class: "after" }, `+${duration(one.after)}`),
      element("span", { class: "kind" }, kindText(one.kind)),
      element("span", { class: "title" }, one.title),
      one.seconds !== null && element("span", { class: "quiet" }, duration(one.seconds)),
      where(one, app),
    ),
    bar(one.after / (whole || 1e-6), (one.seconds ?? 0) / (whole || 1e-6)),
    one.detail && element("p", { class: `detail ${one.status === "ok" ? "quiet" : "bad"}` }, one.detail),
    part("calls", plural(one.calls?.length ?? 0, "call"), one.calls, (call) => [time(call.time, true), element("span", { class: `title ${call.status === "ok" ? "" : "bad"}` }, call.name), element("span", { class: "quiet" }, duration(call.seconds))]),
    part("lines", plural(one.lines?.length ?? 0, "log line"), one.lines, null),
  );
  for (const details of made.querySelectorAll(":scope > details")) details.dataset.of = `${one.number} ${details.dataset.of}`;
  made.dataset.number = one.number;
  made.style.marginInlineStart = `${Math.min(one.depth, DEEPEST) * 1.1}rem`;
  return made;
};

const part = (name, words, all, draw) => {
  if (!all?.length) return null;
  const made = element(
    "details",
    {},
    element("summary", {}, words),
    draw ? element("ul", { class: "calls" }, all.map((one) => element("li", {}, draw(one)))) : element("ol", { class: "log", tabindex: 0, "aria-label": "Log lines" }, all.map((one) => logLine(one))),
  );
  made.dataset.of = name;
  return made;
};

/** A trace that is asked for when it is opened. */
const traceOf = (id, signal) => {
  const inside = element("div", {});
  let asked = false;
  const made = element("details", { class: "trace" }, element("summary", {}, `Trace ${id}`), inside);
  made.dataset.of = id;
  made.addEventListener("toggle", async () => {
    if (!made.open || asked) return;
    asked = true;
    try {
      replace(inside, waterfall(await get("/api/trace", { id }, signal)));
    } catch (error) {
      asked = false;
      replace(inside, element("p", { class: "bad" }, error.message));
    }
  });
  return made;
};
