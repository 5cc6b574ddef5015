// The rows of a table, scanned in pages or queried by key and index.
import { get } from "./api.js";
import { button, cells, element, field, nothing, replace, select, table, textBlock } from "./dom.js";
import { pagedList } from "./pages.js";
import { cut } from "./text.js";

const PAGE = 50;
const MOST_COLUMNS = 12;
const LONGEST_CELL = 80;
const OPERATORS = ["=", "<", "<=", ">", ">=", "between", "begins_with"];

export const rows = (place, node, app, signal) => {
  const schema = node.table;
  const indexes = schema?.indexes ?? [];
  const index = select([["", "the table's key"], ...indexes.map((one) => [one.name, `index ${one.name}`])]);
  const hash = element("input", { autocomplete: "off" });
  const operator = select(OPERATORS, { "aria-label": "Comparison of the sort key" });
  const range = element("input", { autocomplete: "off" });
  const rangeTo = element("input", { autocomplete: "off", "aria-label": "and" });
  const backwards = element("input", { type: "checkbox" });
  const names = element("div", { class: "filters" });
  const keyOf = () => (index.value ? indexes.find((one) => one.name === index.value) : schema?.key);
  const drawFields = () => {
    const key = keyOf();
    rangeTo.hidden = operator.value !== "between";
    replace(
      names,
      indexes.length ? field("Query", index) : null,
      field(`${key?.hash.name ?? "key"} =`, hash),
      key?.range && element("div", { class: "range" }, field(key.range.name, operator), range, rangeTo),
      key?.range && element("label", { class: "switch" }, backwards, "last first"),
      element("button", {}, "Query"),
      button("All rows", () => {
        for (const input of [hash, range, rangeTo]) input.value = "";
        paged.reload();
      }),
    );
    range.setAttribute("aria-label", key?.range?.name ?? "");
  };
  for (const one of [index, operator]) one.addEventListener("change", drawFields);
  const detail = element("section", { class: "preview", "aria-label": "Row", tabindex: -1, hidden: true });
  const query = () => ({
    node: node.id,
    index: index.value,
    hash: hash.value,
    range_op: hash.value && range.value ? operator.value : "",
    range: hash.value ? range.value : "",
    range_to: operator.value === "between" ? rangeTo.value : "",
    forward: backwards.checked ? 0 : 1,
    limit: PAGE,
  });
  const paged = pagedList({
    label: "rows",
    signal,
    changes: app.changesAt(node.id),
    load: (cursor) => get("/api/rows", { ...query(), cursor }, signal),
    draw: (answer) => {
      if (!answer.rows.length)
        return nothing(hash.value ? "No row has this key." : answer.next ? "No rows on this page; the next one may have some." : "The table is empty. Rows appear here as functions write them.");
      const columns = columnsOf(answer.rows);
      return [
        table("Rows", ["", ...columns.shown], answer.rows.map((one) => line(one, columns.shown))),
        columns.left ? element("p", { class: "quiet" }, `${columns.left} more attributes are shown when a row is opened.`) : null,
      ];
    },
  });
  const line = (one, columns) =>
    cells(
      element(
        "span",
        { class: "actions" },
        button("Open", (event) => show(one, event.target), { "aria-label": `Open row ${keyText(one.key)}` }),
        one.follow && button("Follow", () => app.follow(one.follow), { "aria-label": `Follow row ${keyText(one.key)}` }),
      ),
      ...columns.map((name) => element("span", { class: "value" }, cut(valueText(one.row[name]), LONGEST_CELL))),
    );
  let opener = hash; // gets the focus back
  let latest = 0;
  const show = async (one, from) => {
    opener = from;
    const mine = ++latest;
    detail.hidden = false;
    let row = one.row;
    let problem = null;
    if (one.cut) {
      try {
        row = (await get("/api/row", { node: node.id, key: JSON.stringify(one.key) }, signal)).row;
      } catch (error) {
        problem = element("p", { class: "bad" }, error.message);
      }
      if (mine !== latest || signal.aborted) return; // another row was opened meanwhile
    }
    replace(
      detail,
      element("h3", {}, keyText(one.key)),
      button("Close", () => close(), { class: "close" }),
      problem,
      element(
        "dl",
        { class: "facts whole" },
        Object.entries(row).map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, textBlock(name, valueText(value, 2))))),
      ),
    );
    detail.focus();
  };
  const close = () => {
    detail.hidden = true;
    (opener.isConnected ? opener : hash).focus();
  };
  detail.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  drawFields();
  replace(place, element("form", { role: "search", onsubmit: (event) => (event.preventDefault(), paged.reload()) }, names), detail, paged.list);
};

const keyText = (key) => Object.values(key).map((one) => valueText(one)).join(", ");

/** The columns of a page's rows: key attributes first, then as they appear. */
const columnsOf = (found) => {
  const all = new Set(found.flatMap((one) => Object.keys(one.key)));
  for (const one of found) for (const name of Object.keys(one.row)) all.add(name);
  return { shown: [...all].slice(0, MOST_COLUMNS), left: Math.max(0, all.size - MOST_COLUMNS) };
};

/** A value of DynamoDB's JSON as text. Numbers stay the text they are: a JavaScript number would round them. */
export const valueText = (typed, indent) => {
  if (typed === undefined || typed === null) return "";
  const [type, value] = Object.entries(typed)[0] ?? [];
  if (type === "S" || type === "N") return String(value);
  if (type === "NULL") return "null";
  if (type === "B") return `binary, base64: ${value}`;
  return JSON.stringify(plainValue(typed), null, indent);
};

const plainValue = (typed) => {
  const [type, value] = Object.entries(typed)[0] ?? [];
  if (type === "M") return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plainValue(one)]));
  if (type === "L") return value.map(plainValue);
  if (type === "N") return String(Number(value)) === value ? Number(value) : value;
  if (type === "NULL") return null;
  return value;
};
