// What moves in the picture: dots along arrows, boxes that light up, marks of running functions and ringing alarms.
import { shape } from "./dom.js";
import { tone } from "./words.js";

const TRAVEL = 900; // milliseconds of a dot on its arrow
const LIT = 1400; // milliseconds that a box or an arrow stays lit
const SHORTEST_RUN = 700; // milliseconds that a run is shown at least
const LONGEST_RUN = 15 * 60_000; // of Lambda; a run whose end was skipped is forgotten then
const MOST_DOTS = 40; // at a time: more are no motion that eyes could follow
const APART = 90; // milliseconds between two dots of an arrow

export class Motion {
  constructor() {
    this.moves = true;
    this.picture = null;
    this.dots = new Set();
    this.lastDot = new Map(); // edge -> when
    this.unlight = new Map(); // element -> timer
    this.runs = new Map(); // node -> Map of run -> when it started
    this.ringing = new Set(); // nodes
    this.frame = 0;
    setInterval(() => this.#forgetOldRuns(), 30_000);
  }

  /** The picture that is shown now, drawn by `drawPicture`. */
  show(picture) {
    this.picture = picture;
    this.dots.clear();
    for (const node of [...picture.boxes.keys(), ...picture.same.keys()]) this.#badge(node);
  }

  happen(happening) {
    this.#remember(happening);
    if (!this.picture || document.hidden) return;
    const how = tone(happening);
    for (const id of happening.edges) {
      const edge = this.picture.edges.get(id);
      if (!edge) continue;
      this.#light(edge.line, how);
      if (this.moves) this.#send(id, edge, how);
    }
    const box = this.picture.boxAt(happening.node);
    if (box) this.#light(box, how);
  }

  /** The local AWS started anew, or messages were lost: nothing is known to run. */
  forgetRuns() {
    const nodes = [...this.runs.keys()];
    this.runs.clear();
    for (const node of nodes) this.#badge(node);
  }

  setRinging(node, rings) {
    if (rings) this.ringing.add(node);
    else this.ringing.delete(node);
    this.#badge(node);
  }

  #remember({ kind, node, run, number }) {
    if (!node) return;
    if (kind === "function.started") {
      if (!this.runs.has(node)) this.runs.set(node, new Map());
      this.runs.get(node).set(run ?? number, performance.now());
    } else if (kind === "function.ended") {
      const runs = this.runs.get(node);
      const started = runs?.get(run);
      if (started === undefined) return;
      const left = SHORTEST_RUN - (performance.now() - started);
      if (left > 0) {
        setTimeout(() => {
          runs.delete(run);
          this.#badge(node);
        }, left);
        return;
      }
      runs.delete(run);
    } else return;
    this.#badge(node);
  }

  #forgetOldRuns() {
    for (const [node, runs] of this.runs) {
      for (const [run, started] of runs) if (performance.now() - started > LONGEST_RUN) runs.delete(run);
      this.#badge(node);
    }
  }

  /** The mark at a box's corner: `!` for a ringing alarm, else how many runs there are. */
  #badge(node) {
    const box = this.picture?.boxAt(node);
    if (!box) return;
    const running = this.runs.get(node)?.size ?? 0;
    const rings = this.ringing.has(node);
    box.classList.toggle("running", running > 0);
    box.classList.toggle("ringing", rings);
    const text = rings ? "!" : running ? String(Math.min(running, 999)) : "";
    const words = rings ? "! alarm ringing" : running ? `${text} running` : "";
    box.setAttribute("aria-label", [box.dataset.label, words].filter(Boolean).join(" "));
    const place = box.querySelector(".badge-place");
    if (place.textContent === text) return;
    place.replaceChildren();
    if (text) place.append(shape("circle", { class: "badge", r: 11 }), shape("text", { class: "mark", y: 4.5 }, text));
  }

  #light(lit, how) {
    clearTimeout(this.unlight.get(lit));
    lit.classList.remove("good", "bad", "soft", "plain");
    lit.classList.add("lit", how);
    this.unlight.set(
      lit,
      setTimeout(() => {
        lit.classList.remove("lit", how);
        this.unlight.delete(lit);
      }, LIT),
    );
  }

  #send(id, edge, how) {
    const now = performance.now();
    if (this.dots.size >= MOST_DOTS || now - (this.lastDot.get(id) ?? 0) < APART) return;
    this.lastDot.set(id, now);
    const dot = shape("circle", { class: `dot ${how}`, r: 6 });
    this.dots.add({ dot, path: edge.path, length: edge.path.getTotalLength(), start: now });
    this.picture.moving.append(dot);
    this.frame ||= requestAnimationFrame((at) => this.#step(at));
  }

  #step(now) {
    for (const one of this.dots) {
      const part = Math.max(0, (now - one.start) / TRAVEL);
      if (part >= 1) {
        one.dot.remove();
        this.dots.delete(one);
        continue;
      }
      const eased = part < 0.5 ? 2 * part * part : 1 - (2 - 2 * part) ** 2 / 2;
      const { x, y } = one.path.getPointAtLength(one.length * eased);
      one.dot.setAttribute("transform", `translate(${x} ${y})`);
    }
    this.frame = this.dots.size ? requestAnimationFrame((at) => this.#step(at)) : 0;
  }
}
