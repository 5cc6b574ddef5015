// Events that a function failed on: replayed, discarded, or captured as a test.
import { get, post } from "./api.js";
import { confirmed } from "./dialog.js";
import { button, element, facts, field, nothing, replace, textBlock, working } from "./dom.js";
import { item } from "./messages.js";
import { pagedList } from "./pages.js";
import { cut, plural, time } from "./text.js";
import { READ_ONLY } from "./words.js";

export const failures = (place, node, app, signal) => {
  const chosen = new Set();
  const status = element("p", { role: "status" });
  const reason = element("input", { autocomplete: "off", required: true });
  const paged = pagedList({
    label: "failures",
    signal,
    changes: app.changesAt(node.id),
    load: (cursor) => get("/api/failures", { node: node.id, cursor }, signal),
    draw: (answer) => {
      for (const id of chosen) if (!answer.failures.some((one) => one.id === id)) chosen.delete(id);
      return [
        answer.held ? element("p", { class: "quiet" }, `${plural(answer.held, "failure")} held by another receiver just now.`) : null,
        answer.failures.length
          ? element("ul", { class: "items" }, answer.failures.map((one) => failure(one)))
          : nothing("No failure is kept here. Events that a function fails on after all retries appear here."),
      ];
    },
  });
  const failure = (one) => {
    const tick = element("input", { type: "checkbox", "aria-label": `Choose failure of ${one.id}`, onchange: () => (tick.checked ? chosen.add(one.id) : chosen.delete(one.id)) });
    tick.checked = chosen.has(one.id);
    const box = app.nodes.get(one.function);
    const made = item(
      [time(one.since), element("span", { class: "title" }, cut(one.reason || "no reason is recorded", 160)), box ? element("span", { class: "quiet" }, box.title) : null],
      [
        facts([["Reason", one.reason || "none"], ["Id", one.id]]),
        textBlock("Event", JSON.stringify(one.event, null, 2)),
        one.truncated && element("p", { class: "quiet" }, "Only the beginning is shown."),
        element(
          "p",
          { class: "actions" },
          one.follow && button("Follow", () => app.follow(one.follow)),
          button("Capture as a test", (event) => working(event.target, status, () => capture(one)), { disabled: !app.writes }),
        ),
      ],
    );
    made.prepend(tick);
    made.classList.add("choice");
    return made;
  };
  const capture = async (one) => {
    const answer = await post("/api/failures/capture", { node: node.id, id: one.id });
    const masked = Object.entries(answer.masked ?? {}).map(([kind, number]) => `${number} ${kind}`);
    return [`Written: ${answer.file}, with ${plural(answer.objects, "object")} and ${plural(answer.rows, "row")}`, masked.length ? `; masked: ${masked.join(", ")}` : "", ". ", ...(answer.notes ?? []).map((note) => `${note} `)];
  };
  const handle = (path, done, more) => async (event) =>
    working(event.target, status, async () => {
      if (!chosen.size) throw new Error("Choose at least one failure.");
      if (more && !reason.value.trim()) {
        reason.focus();
        throw new Error("Give a reason: it is recorded with what is discarded.");
      }
      if (more && !(await confirmed(`Discard ${plural(chosen.size, "failure")}?`, "What is discarded is removed for good, and will never be processed. The reason is written to the function's log.", "Discard"))) return "Nothing was discarded.";
      const { results } = await post(path, { node: node.id, ids: [...chosen], ...(more ? { reason: reason.value } : {}) });
      chosen.clear();
      paged.reload();
      const refused = results.filter((one) => !one.ok);
      return [`${plural(results.length - refused.length, "failure")} ${done}.`, ...refused.map((one) => element("span", { class: "bad" }, ` ${one.id}: ${one.reason}`))];
    });
  const tools = element(
    "fieldset",
    { class: "filters", disabled: !app.writes },
    element("legend", {}, "With the chosen failures"),
    button("Replay", handle("/api/failures/replay", "replayed")),
    field("Reason to discard", reason),
    button("Discard", handle("/api/failures/discard", "discarded", true), { class: "danger" }),
  );
  replace(place, app.writes ? null : element("p", { class: "note" }, READ_ONLY), tools, status, paged.list);
};
