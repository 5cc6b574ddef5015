// Tabs, used by keyboard as https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ describes.
import { element, freshId } from "./dom.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/**
 * A list of tabs for `panel`. `items` are `{id, label, mark}`; `choose` gets the id of the tab that is chosen.
 * Gives the element, and `select(id)`, which only shows a tab as chosen.
 */
export const tabList = (label, items, panel, choose) => {
  panel.id ||= freshId();
  panel.setAttribute("role", "tabpanel");
  const tabs = new Map();
  const list = element("div", { class: "tabs", role: "tablist", "aria-label": label });
  for (const item of items) {
    const tab = element(
      "button",
      { type: "button", role: "tab", id: freshId(), "aria-controls": panel.id, onclick: () => choose(item.id) },
      item.label,
    );
    tabs.set(item.id, tab);
    list.append(tab);
  }
  list.addEventListener("keydown", (event) => {
    const all = [...tabs.values()];
    const now = all.indexOf(document.activeElement);
    let next;
    if (event.key in STEPS) next = (now + STEPS[event.key] + all.length) % all.length;
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = all.length - 1;
    else return;
    event.preventDefault();
    all[next].focus();
    all[next].click();
  });
  const select = (id) => {
    for (const [one, tab] of tabs) {
      tab.setAttribute("aria-selected", one === id);
      tab.tabIndex = one === id ? 0 : -1;
      if (one === id) panel.setAttribute("aria-labelledby", tab.id);
    }
    const chosen = tabs.get(id);
    // Only the list's own scrolling: the page stays where it is.
    if (chosen && list.scrollWidth > list.clientWidth)
      list.scrollLeft = chosen.offsetLeft - (list.clientWidth - chosen.offsetWidth) / 2;
  };
  return { list, tabs, select };
};
