// Starts the page: session, stacks, stream; and what is open, which the address keeps.
import { get, post } from "./api.js";
import { button, element, nothing, replace } from "./dom.js";
import { following } from "./following.js";
import { Happenings } from "./happenings.js";
import { Motion } from "./motion.js";
import { panel } from "./panel.js";
import { drawPicture } from "./picture.js";
import { uploadFiles } from "./sending.js";
import { listen } from "./stream.js";
import { tabList } from "./tabs.js";
import { count } from "./text.js";

const at = (id) => document.getElementById(id);
const ALARMS_AFTER = 500; // milliseconds after something happened to an alarm
const RETRY = 2000; // milliseconds until the server is asked again
const MOST_NOTICES = 4;
const NO_COOKIE = "This browser keeps no cookies of this page, which needs one for its session. Allow them, and open the address that `sluice console` printed again.";
const NO_BOX = "Choose a box in the picture to look inside it, with the mouse or with Tab, the arrow keys and Enter. Drop a file onto a bucket to upload it.";

const motion = new Motion();
let happenings;
let stacks = [];
let open = new AbortController(); // of what the panel shows
let shownPlace = ""; // what the panel shows, as text
let changes = new Map(); // box -> EventTarget

/** What the page's parts use of each other. */
const app = {
  writes: false,
  nodes: new Map(), // all boxes of all stacks by id
  stack: "", // the stack whose picture is shown
  opened: null, // the box that is open
  node: (id, signal) => get("/api/node", { node: id }, signal),
  open: (node, tab) => go({ stack: app.nodes.get(node)?.stack ?? app.stack, node, tab }),
  follow: (thing) => go({ stack: app.stack, follow: thing }),
  close: () => {
    const box = app.opened;
    go({ stack: app.stack });
    (motion.picture?.boxes.get(box) ?? at("happenings-name")).focus();
  },
  /** "change" when something happens at a box. */
  changesAt: (node) => {
    if (!changes.has(node)) changes.set(node, new EventTarget());
    return changes.get(node);
  },
  showAgain: (step) => {
    const stack = app.nodes.get(step.node)?.stack;
    if (stack && stack !== app.stack) return;
    motion.happen({ ...step, edges: step.edges ?? [], kind: step.kind === "function.run" ? "again" : step.kind });
  },
  notice,
};

/** Shows a notice; gives a function that changes it. */
function notice(...content) {
  const words = element("div", {}, content);
  const made = element("div", { class: "notice" }, words, button("×", () => made.remove(), { class: "close", "aria-label": "Close the notice" }));
  at("notices").append(made);
  while (at("notices").children.length > MOST_NOTICES) at("notices").firstChild.remove();
  return (...changed) => replace(words, changed);
}

// The address keeps what is open, so that going back, reloading and bookmarks work.
const placeOf = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

const go = (place) => {
  const given = Object.entries(place).filter(([, value]) => value);
  location.hash = new URLSearchParams(given).toString();
};

const arrive = () => {
  const place = placeOf();
  showStack(stacks.some((one) => one.name === place.stack) ? place.stack : (stacks[0]?.name ?? ""));
  const wanted = place.follow ? `follow ${place.follow}` : place.node ? `node ${place.node} ${place.tab ?? ""}` : "";
  if (wanted === shownPlace) return;
  shownPlace = wanted;
  open.abort();
  open = new AbortController();
  app.opened = place.follow ? null : (place.node ?? null);
  motion.picture?.select(app.opened);
  happenings.refresh();
  if (place.follow) {
    following(at("panel"), place.follow, app, open.signal);
  } else if (place.node) {
    panel(at("panel"), place.node, place.tab, app, open.signal, (tab) => {
      // Another tab of the same box is no step to go back to.
      shownPlace = `node ${place.node} ${tab}`;
      history.replaceState(null, "", `#${new URLSearchParams({ ...place, tab })}`);
    });
  } else replace(at("panel"), nothing(NO_BOX));
  if (wanted && matchMedia("(max-width: 64rem)").matches) at("panel").scrollIntoView({ block: "start" });
};

/** Shows the page, once it is known what is in it: what comes later would move what is there already. */
const reveal = () => {
  at("start")?.remove();
  at("app").hidden = false;
};

let tabs = null;
const drawStacks = (answer) => {
  reveal();
  stacks = answer.stacks;
  app.nodes = new Map(stacks.flatMap((stack) => stack.nodes.map((node) => [node.id, { ...node, stack: stack.name }])));
  tabs = stacks.length ? tabList("Stacks", stacks.map((one) => ({ id: one.name, label: one.name })), at("picture"), (name) => go({ stack: name })) : null;
  const focused = at("stack-tabs").contains(document.activeElement) ? document.activeElement.textContent : null;
  replace(at("stack-tabs"), tabs?.list, answer.problem && element("p", { class: "note" }, answer.problem));
  if (focused) [...(tabs?.tabs.values() ?? [])].find((one) => one.textContent === focused)?.focus();
  const box = document.activeElement?.dataset.node;
  app.stack = "";
  if (app.opened && !app.nodes.has(app.opened) && !app.opened.startsWith("arn:")) shownPlace = ""; // destroyed while it is shown: the panel says so
  if (!stacks.length) replace(at("picture"), nothing(answer.problem ? "" : "No stack is deployed. `make demo`, or `sluice local` and `sluice deploy`, deploy some; they appear here by themselves."));
  arrive();
  if (box) motion.picture?.boxes.get(box)?.focus();
  ringAlarms();
};

const showStack = (name) => {
  tabs?.select(name);
  tabs?.tabs.get(name)?.classList.remove("active");
  if (name === app.stack) return;
  app.stack = name;
  const stack = stacks.find((one) => one.name === name);
  motion.picture = null;
  if (!stack) return;
  if (!stack.nodes.length) return replace(at("picture"), nothing(stack.deployed ? `The stack has no resource that the picture shows. It has: ${stack.others}.` : "The stack is not deployed yet. It appears here when it is."));
  if (stack.nodes.some((node) => node.x === null)) return replace(at("picture"), boxesAsList(stack));
  const picture = drawPicture(stack, (id) => app.open(id), (id, files) => dropped(app.nodes.get(id), files));
  replace(at("picture"), picture.svg);
  motion.show(picture);
  picture.select(app.opened);
};

/** The boxes of a stack that could not be laid out. */
const boxesAsList = (stack) =>
  element("ul", { class: "boxes" }, stack.nodes.map((node) => element("li", {}, button(`${node.title}, ${node.subtitle}`, () => app.open(node.id), { class: "link" }))));

const dropped = (node, files) => {
  if (!files.length) return;
  if (!node?.actions.includes("upload")) return notice(element("span", { class: "bad" }, "Drop the file onto a bucket of the picture."));
  uploadFiles(node, files, app);
};

const ringAlarms = async () => {
  for (const node of app.nodes.values()) {
    if (node.kind !== "alarms") continue;
    try {
      const { alarms } = await get("/api/alarms", { node: node.id });
      motion.setRinging(node.id, alarms.some((one) => one.state === "ALARM"));
    } catch {
      return; // the local AWS is gone; the stream says so
    }
  }
};

let asking = null;
/** Asks soon, and once for many reasons. */
const ringAlarmsSoon = () => {
  asking ??= setTimeout(() => {
    asking = null;
    ringAlarms();
  }, ALARMS_AFTER);
};

const happened = (happening) => {
  happenings.add(happening);
  if (happening.replayed) return;
  motion.happen(happening);
  if (happening.kind.startsWith("alarm.")) ringAlarmsSoon();
  const touched = new Set([happening.node, ...happening.edges.flatMap((id) => edgeEnds(id))]);
  for (const node of touched) changes.get(node)?.dispatchEvent(new Event("change"));
  if (happening.stack && happening.stack !== app.stack) tabs?.tabs.get(happening.stack)?.classList.add("active");
};

const edgeEnds = (id) => id.split(">").slice(0, 2);

const trouble = (words) => {
  at("trouble").hidden = !words;
  if (at("trouble").textContent !== words) replace(at("trouble"), words);
};

let awsTrouble = "";
let loading = null;
const loadStacks = async () => {
  clearTimeout(loading);
  try {
    drawStacks(await get("/api/stacks"));
  } catch (error) {
    reveal();
    if (error.status === 401) return trouble("The console was started again. Open the address that `sluice console` printed.");
    trouble(error.message);
    loading = setTimeout(loadStacks, RETRY);
    return;
  }
  trouble(awsTrouble);
};

const startStream = () =>
  listen(
    {
      happening: happened,
      skipped: ({ count: number }) => {
        happenings.skip(number);
        motion.forgetRuns();
        ringAlarmsSoon();
      },
      stacks: loadStacks,
      aws: ({ running, message }) => {
        awsTrouble = running ? "" : (message ?? "The local AWS is not running. The page goes on when it is back.");
        trouble(awsTrouble);
        motion.forgetRuns();
        if (running) {
          happenings.clear();
          shownPlace = ""; // what is open is asked anew
          loadStacks();
        }
      },
      load: ({ per_minute: rate, behind }) => (at("load").textContent = rate ? `${count(rate)} happenings a minute${behind ? `, ${count(behind)} behind` : ""}` : ""),
    },
    async () => {
      // Why: a console that was started again has other secrets, and one that ended does not answer.
      try {
        await get("/api/session");
      } catch (error) {
        trouble(error.status === 401 ? "The console was started again. Open the address that `sluice console` printed." : "The console's server does not answer. Start `sluice console` again; this page asks every two seconds.");
      }
    },
    () => {
      trouble(awsTrouble);
      happenings.reconnect();
    },
  );

/** What the browser keeps of the page's settings; nothing, where it is told to keep nothing. */
const setting = (name, value) => {
  try {
    if (value === undefined) return localStorage.getItem(name);
    localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing: the setting lasts as long as the page.
  }
  return null;
};

const setMotion = () => {
  const box = at("motion");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const apply = () => {
    motion.moves = box.checked;
    document.documentElement.classList.toggle("moves", box.checked);
  };
  const choose = () => {
    const stored = setting("motion");
    box.checked = stored === null ? !still.matches : stored === "on";
    apply();
  };
  still.addEventListener("change", choose); // the system's setting may change while the page is open
  box.addEventListener("change", () => {
    setting("motion", box.checked ? "on" : "off");
    apply();
  });
  choose();
};

const session = async () => {
  const token = placeOf().token;
  if (!token) return get("/api/session");
  await post("/api/session", { token });
  history.replaceState(null, "", location.pathname);
  try {
    return await get("/api/session");
  } catch (error) {
    throw error.status === 401 ? new Error(NO_COOKIE) : error;
  }
};

const start = async () => {
  let known;
  try {
    known = await session();
  } catch (error) {
    replace(at("starting"), error.status === 401 || error.status === 403 ? "Open the address that `sluice console` printed: it has the token that this page needs." : error.message);
    return;
  }
  app.writes = known.writes;
  replace(at("project"), known.project);
  replace(at("mode"), known.writes ? "" : element("span", { class: "state soft", title: "Start with --allow-writes to put something in" }, "read-only"));
  setMotion();
  happenings = new Happenings(at("happenings"), at("live"), app);
  // A file that misses its bucket must not replace the page.
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.target.closest?.("svg.picture")) dropped(null, [...event.dataTransfer.files]);
  });
  addEventListener("keydown", (event) => event.key === "Escape" && shownPlace && !event.target.matches("input, select, textarea") && app.close());
  addEventListener("hashchange", arrive);
  // The address keeps what is open, not where the focus is.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    at("happenings-name").focus();
  });
  replace(at("panel"), nothing(NO_BOX));
  await loadStacks();
  startStream();
};

if (!document.documentElement.classList.contains("unsupported")) start();
