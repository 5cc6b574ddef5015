// A question that has to be answered before something is done that cannot be undone.
import { button, element, freshId } from "./dom.js";

/** Asks, and gives whether the answer is yes. The browser keeps the focus inside, and gives it back afterwards. */
export const confirmed = (question, words, yes) =>
  new Promise((resolve) => {
    const heading = element("h2", { id: freshId() }, question);
    const text = element("p", { id: freshId() }, words);
    const dialog = element(
      "dialog",
      { "aria-labelledby": heading.id, "aria-describedby": text.id },
      heading,
      text,
      element("p", { class: "actions" }, button("Cancel", () => dialog.close(""), { autofocus: true }), button(yes, () => dialog.close("yes"), { class: "danger" })),
    );
    // Escape closes the question only, not what is open behind it.
    dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
