// The list of what happens, in words, and its summary for screen readers.
import { get } from "./api.js";
import { button, element, field, nothing, replace } from "./dom.js";
import { count, duration, time, zone } from "./text.js";
import { kindText, summary, tone } from "./words.js";

const KEPT = 1000; // in memory; older ones are asked from the server
const SHOWN = 100; // a page of the list
const DRAWN_EVERY = 200; // milliseconds at least, however much happens
const SPOKEN_EVERY = 4000; // milliseconds between summaries for screen readers

/** Where something happened: a box of a stack, or a resource of none, which opens too if the console can read it. */
export const where = ({ node, stack, resource }, app) => {
  const box = app.nodes.get(node);
  const open = (title) => button(title, () => app.open(node), { class: "link" });
  if (box) return element("span", { class: "where" }, "in ", open(box.title), box.stack === app.stack ? "" : ` of ${box.stack}`);
  if (!resource) return stack && element("span", { class: "where" }, stack);
  return element("span", { class: "where" }, "in ", node ? open(resource.title) : resource.title, `, ${resource.subtitle}`);
};

export class Happenings {
  /** `place` is filled with the list, `live` with summaries. `app` opens boxes and follows things. */
  constructor(place, live, app) {
    this.app = app;
    this.live = live;
    this.kept = []; // newest first
    this.unspoken = [];
    this.skipped = 0;
    this.reconnected = false;
    this.waiting = 0; // came while the list stands still
    this.older = null; // a page of older ones, in place of the newest
    this.drawing = null; // a timer
    this.drawn = 0;

    this.heading = element("h2", { id: "happenings-name", tabindex: -1 }, "What happens");
    this.find = element("input", { type: "search", autocomplete: "off", placeholder: "object, kind, box", oninput: () => this.#draw() });
    this.only = element("input", { type: "checkbox", onchange: () => this.#draw() });
    this.list = element("ol", { class: "list", tabindex: 0, "aria-label": "What happens, newest first", onscroll: () => this.#settle() });
    this.newest = button("Newest", () => this.#toNewest(), { hidden: true });
    this.earlier = button("Older", () => this.#earlier());
    this.status = element("p", { class: "quiet" });
    replace(
      place,
      this.heading,
      element("div", { class: "filters" }, field("Find", this.find), element("label", { class: "switch" }, this.only, "only the open box")),
      element("div", { class: "bar" }, this.newest, this.earlier, this.status),
      this.list,
      element("p", { class: "quiet" }, `Times are in ${zone}.`),
    );
    setInterval(() => this.#speak(), SPOKEN_EVERY);
    this.#draw();
  }

  add(happening) {
    const newest = this.kept[0]?.number ?? happening.number - 1;
    if (newest >= happening.number) return; // sent again after a new connection
    if (this.reconnected) this.skipped += happening.number - newest - 1;
    this.reconnected = false;
    this.kept.unshift(happening);
    if (this.kept.length > KEPT) this.kept.length = KEPT;
    if (!happening.replayed) this.unspoken.push(happening);
    if (this.unspoken.length > KEPT) this.unspoken.shift();
    // A list that somebody reads stands still: it moves on when it is scrolled back to its beginning.
    if (this.older || this.list.scrollTop > 8 || this.list.contains(document.activeElement)) this.waiting += 1;
    this.#drawSoon();
  }

  /** What comes next may leave a gap. */
  reconnect() {
    this.reconnected = true;
  }

  /** The server says how many it left out. */
  skip(number) {
    this.reconnected = false;
    this.skipped += number;
    this.#drawSoon();
  }

  /** The local AWS started anew. */
  clear() {
    this.kept = [];
    this.older = null;
    this.waiting = 0;
    this.#draw();
  }

  /** Another box is open. */
  refresh() {
    if (this.only.checked) this.#draw();
  }

  #drawSoon() {
    this.drawing ??= setTimeout(() => {
      this.drawing = null;
      this.drawn = performance.now();
      if (this.waiting) this.#drawStatus();
      else this.#draw();
    }, Math.max(0, this.drawn + DRAWN_EVERY - performance.now()));
  }

  #settle() {
    if (this.waiting && !this.older && this.list.scrollTop <= 8 && !this.list.contains(document.activeElement)) this.#draw();
  }

  #toNewest() {
    this.older = null;
    this.list.scrollTop = 0;
    this.#draw();
    this.list.focus();
  }

  async #earlier() {
    const shown = this.shown ?? [];
    const before = shown.at(-1)?.number ?? this.kept.at(-1)?.number;
    try {
      const answer = await get("/api/happenings", { before, limit: SHOWN, node: this.only.checked ? this.app.opened : "" });
      this.older = answer.happenings;
      this.#draw();
      this.list.scrollTop = 0;
    } catch (error) {
      this.status.textContent = error.message;
    }
  }

  #matches(happening) {
    if (this.only.checked && this.app.opened && happening.node !== this.app.opened) return false;
    const words = this.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return true;
    const box = this.app.nodes.get(happening.node);
    const { title, subtitle } = happening.resource ?? {};
    const text = `${kindText(happening.kind)} ${happening.title} ${happening.detail ?? ""} ${box?.title ?? ""} ${happening.stack ?? ""} ${title ?? ""} ${subtitle ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  }

  #draw() {
    this.waiting = this.older ? this.waiting : 0;
    const all = this.older ?? this.kept;
    this.shown = [];
    for (const one of all) {
      if (this.shown.length === SHOWN) break;
      if (this.#matches(one)) this.shown.push(one);
    }
    const focused = this.list.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.number : null;
    replace(this.list, this.shown.map((one) => this.#item(one)));
    if (focused) (this.list.querySelector(`[data-number="${focused}"] button`) ?? this.list).focus();
    if (!this.shown.length)
      this.list.append(
        element("li", {}, nothing(all.length ? "Nothing here matches the filter." : "Nothing happened yet. Drop a file onto a bucket in the picture, or open a box and send something.")),
      );
    this.#drawStatus();
  }

  #drawStatus() {
    const parts = [];
    if (this.waiting) parts.push(`${count(this.waiting)} new`);
    if (this.older) parts.push("older happenings");
    if (this.skipped) parts.push(`${count(this.skipped)} skipped`);
    this.status.textContent = parts.join(", ");
    this.status.title = this.skipped ? "More happened than the server or this page could keep." : "";
    this.newest.hidden = !this.older && !this.waiting;
    this.earlier.hidden = !this.kept.length || (this.older !== null && this.older.length < SHOWN);
  }

  #item(happening) {
    const box = this.app.nodes.get(happening.node);
    const words = [happening.detail, happening.seconds === null ? null : duration(happening.seconds)].filter(Boolean).join(", ");
    const made = element(
      "li",
      { class: `happening ${tone(happening)}` },
      time(happening.time, true),
      element("span", { class: "kind" }, kindText(happening.kind)),
      happening.follow
        ? button(!happening.title || happening.title === box?.title ? "follow" : happening.title, () => this.app.follow(happening.follow), { class: "link title" })
        : happening.title !== box?.title && element("span", { class: "title" }, happening.title),
      words && element("span", { class: "detail" }, words),
      where(happening, this.app),
    );
    made.dataset.number = happening.number;
    return made;
  }

  #speak() {
    if (!this.unspoken.length || document.hidden) return;
    const words = summary(this.unspoken);
    const bad = this.unspoken.find((one) => tone(one) === "bad");
    this.unspoken = [];
    replace(this.live, `${words}.${bad ? ` ${kindText(bad.kind)}: ${bad.title}.` : ""}`);
  }
}
