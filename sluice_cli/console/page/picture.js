// The picture of a stack as SVG, drawn like the review's (sluice_cli/review/picture/svg.py), with boxes that open.
import { shape } from "./dom.js";
import { cut } from "./text.js";

const LONGEST = 30; // characters of a title; the layout reckons with it
const LEGEND = 24;
const LEAST_SCALE = 0.64; // below that its text is too small to read; the picture scrolls instead
const LINES = { data: "data flows", permission: "permission", key: "uses key" };
const DIRECTIONS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/**
 * Draws a stack. `open` gets the id of a box that is chosen; `drop` a box's id and the files dropped on it.
 * Gives the SVG element, its boxes and its edges by id, `boxAt(id)`, also of a resource that is drawn as another stack's,
 * and `select(id)`.
 */
export const drawPicture = (stack, open, drop) => {
  const title = shape("title", { id: "picture-title" }, `Architecture of ${stack.name}`);
  const svg = shape("svg", {
    class: "picture",
    viewBox: `0 0 ${stack.width} ${stack.height + LEGEND}`,
    role: "group",
    "aria-labelledby": "picture-title",
  });
  svg.style.maxWidth = `${stack.width}px`;
  svg.style.minWidth = `${Math.round(stack.width * LEAST_SCALE)}px`;
  svg.style.minHeight = `${Math.round((stack.height + LEGEND) * LEAST_SCALE)}px`;
  const edges = new Map(stack.edges.map((edge) => [edge.id, drawEdge(edge)]));
  // From left to right, as things flow: Tab goes so, too.
  const order = [...stack.nodes].sort((one, other) => one.x - other.x || one.y - other.y);
  const boxes = new Map(order.map((node) => [node.id, drawBox(node)]));
  const labels = stack.edges.filter((edge) => edge.label).map(drawLabel);
  // Lines first, then what moves on them, then boxes, then labels: nothing covers text.
  const moving = shape("g", { class: "moving", "aria-hidden": "true" });
  svg.append(
    title,
    shape("rect", { class: "paper", width: stack.width, height: stack.height + LEGEND, rx: 10 }),
    ...[...edges.values()].map((edge) => edge.line),
    moving,
    ...boxes.values(),
    ...labels,
    ...legend(stack),
  );
  if (stack.left_out)
    svg.append(shape("text", { class: "small", x: 22, y: 16 }, `${stack.left_out} more that do not fit in`));

  const boxOf = (event) => event.target.closest?.(".box")?.dataset.node;

  svg.addEventListener("click", (event) => boxOf(event) && open(boxOf(event)));
  svg.addEventListener("keydown", (event) => {
    const id = boxOf(event);
    if (!id) return;
    let next = id;
    if (event.key === "Enter" || event.key === " ") open(id);
    else if (event.key in DIRECTIONS) next = neighbour(stack.nodes, id, DIRECTIONS[event.key]);
    else if (event.key === "Home") next = order[0].id;
    else if (event.key === "End") next = order.at(-1).id;
    else return;
    event.preventDefault();
    boxes.get(next).focus();
  });

  const mark = (id) => {
    for (const box of svg.querySelectorAll(".target")) box.classList.remove("target");
    if (id) boxes.get(id).classList.add("target");
  };
  svg.addEventListener("dragover", (event) => mark(event.dataTransfer.types.includes("Files") ? boxOf(event) : null));
  svg.addEventListener("dragleave", () => mark(null));
  svg.addEventListener("drop", (event) => {
    mark(null);
    drop(boxOf(event), [...event.dataTransfer.files]);
  });

  const select = (id) => {
    for (const [one, box] of boxes) {
      box.classList.toggle("selected", one === id);
      box.setAttribute("aria-pressed", one === id);
    }
  };
  // What happens at a resource is seen also where another stack's picture draws it.
  const same = new Map(stack.nodes.filter((node) => node.same_as).map((node) => [node.same_as, node.id]));
  const boxAt = (id) => boxes.get(id) ?? boxes.get(same.get(id));
  return { svg, boxes, same, boxAt, edges, moving, select };
};

const drawBox = (node) => {
  const middle = node.height / 2;
  const title = cut(node.title, LONGEST);
  const small = cut([node.subtitle, ...node.notes].join(" · "), LONGEST);
  // An accessible name begins with the visible text, for speech control.
  const whole = `${title}${small}`.includes("…") ? `: ${[node.title, node.subtitle, ...node.notes].join(", ")}` : "";
  const label = `${title} ${small}${whole}`;
  const box = shape("g", { class: "box", transform: `translate(${node.x} ${node.y})`, role: "button", tabindex: 0, "aria-pressed": "false", "aria-label": label });
  box.dataset.node = node.id;
  box.dataset.label = label;
  box.append(
    shape("rect", { class: "card", width: node.width, height: node.height, rx: 9 }),
    shape("rect", { x: 11, y: middle - 19, width: 38, height: 38, rx: 8, fill: node.colour }),
    shape("path", { class: "symbol", transform: `translate(16 ${middle - 14}) scale(1.17)`, d: node.symbol }),
    shape("text", { class: "title", x: 60, y: middle - 3 }, title),
    " ", // between the words of the accessible name
    shape("text", { class: "small", x: 60, y: middle + 14 }, small),
    " ",
    shape("g", { class: "badge-place", transform: `translate(${node.width} 0)`, "aria-hidden": "true" }),
  );
  return box;
};

const drawEdge = (edge) => {
  const path = shape("path", { class: `arrow ${edge.kind}`, d: edge.path });
  const line = shape("g", { class: "line" }, path, shape("path", { class: "head", d: edge.head }));
  line.dataset.edge = edge.id;
  return { line, path };
};

const drawLabel = (edge) =>
  shape(
    "g",
    { class: "line" },
    shape("text", { class: "label", x: edge.label_x, y: edge.label_y + 12 }, edge.label, shape("title", {}, edge.text)),
  );

const legend = (stack) => {
  const used = new Set(stack.edges.map((edge) => edge.kind));
  const y = stack.height + 8;
  let x = 22;
  return Object.entries(LINES).flatMap(([kind, text]) => {
    if (!used.has(kind)) return [];
    const at = x;
    x += 62 + text.length * 7;
    return [
      shape("path", { class: `arrow ${kind}`, d: `M${at} ${y}h34` }),
      shape("text", { class: "label", x: at + 42, y: y + 4 }, text),
    ];
  });
};

/** The nearest box that begins where this one ends in a direction; what is aside counts more than what is far ahead. */
const neighbour = (nodes, id, [dx, dy]) => {
  const from = nodes.find((node) => node.id === id);
  const ahead = (node) =>
    dx > 0 ? node.x - from.x - from.width : dx < 0 ? from.x - node.x - node.width : dy > 0 ? node.y - from.y - from.height : from.y - node.y - node.height;
  const aside = (node) =>
    dx ? Math.abs(node.y + node.height / 2 - from.y - from.height / 2) : Math.abs(node.x + node.width / 2 - from.x - from.width / 2);
  const distance = (node) => ahead(node) + 2.5 * aside(node);
  const found = nodes.filter((node) => node !== from && ahead(node) > -8).sort((one, other) => distance(one) - distance(other));
  return found[0]?.id ?? id;
};
