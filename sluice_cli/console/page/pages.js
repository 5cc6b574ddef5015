// A list in pages: only one page of it is in the document, however long it is.
import { button, element, replace } from "./dom.js";

const REFRESH_EVERY = 1500; // milliseconds, while things happen

/**
 * `load(cursor)` gives an answer with `next`; `draw(answer)` the elements of that page. A list on its first page is loaded
 * again when `changed` (an EventTarget's "change") says so, unless somebody is using it. Gives the element and `reload`.
 */
export const pagedList = ({ label, load, draw, changes, signal }) => {
  let cursors = [null]; // of the pages up to the one that is shown
  let next = null;
  let latest = 0;
  let shown = "";
  const status = element("p", { class: "quiet", role: "status" });
  const body = element("div", { class: "page" });
  const back = button("Previous page", () => show(cursors.slice(0, -1)), { disabled: true, hidden: true });
  const on = button("Next page", () => show([...cursors, next]), { disabled: true, hidden: true });
  const again = button("Refresh", () => show(cursors));
  const bar = element("nav", { class: "bar", "aria-label": `Pages of ${label}` }, back, on, again, status);

  const show = async (wanted, quietly = false) => {
    const mine = ++latest;
    body.setAttribute("aria-busy", "true");
    if (!quietly) status.textContent = "Loading…";
    try {
      const answer = await load(wanted.at(-1), signal);
      if (mine !== latest || signal.aborted) return;
      cursors = wanted;
      next = answer.next ?? null;
      const text = JSON.stringify(answer);
      if (text !== shown) replace(body, draw(answer)); // what stayed the same keeps its place and focus
      shown = text;
      status.textContent = cursors.length > 1 || next ? `Page ${cursors.length}` : "";
    } catch (error) {
      if (mine !== latest || signal.aborted) return;
      if (quietly) return; // the next change asks again
      shown = "";
      replace(body, element("p", { class: "bad" }, error.message));
      status.textContent = "";
    } finally {
      if (mine === latest) {
        body.removeAttribute("aria-busy");
        back.hidden = on.hidden = cursors.length < 2 && !next;
        for (const [one, off] of [[back, cursors.length < 2], [on, !next]]) {
          if (off && document.activeElement === one) again.focus(); // a disabled button would lose the focus
          one.disabled = off;
        }
      }
    }
  };

  let timer = null;
  const changed = () => {
    timer ??= setTimeout(() => {
      timer = null;
      if (signal.aborted || cursors.length > 1) return;
      if (body.contains(document.activeElement)) status.textContent = "There is something new: Refresh shows it.";
      else show(cursors, true);
    }, REFRESH_EVERY);
  };
  changes?.addEventListener("change", changed, { signal });
  show(cursors);
  return { list: element("div", {}, bar, body), reload: () => show([null]) };
};
