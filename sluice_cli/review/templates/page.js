"use strict";
(() => {
  const changes = [...document.querySelectorAll(".change")];
  // Read once: with thousands of changes, asking the page again at every key takes seconds.
  const text = (one) => `${one.closest(".group").querySelector("h3").textContent} ${one.textContent}`.toLowerCase();
  const texts = new Map(changes.map((one) => [one, text(one)]));
  const groups = [...document.querySelectorAll(".group")];
  const find = document.getElementById("find");
  const dangerous = document.getElementById("dangerous");
  const verbs = [...document.querySelectorAll(".verb")];
  const known = new Set(verbs.map((one) => one.value));

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(verbs.filter((one) => one.checked).map((one) => one.value));
    let shown = 0;
    for (const one of changes) {
      const verb = one.dataset.verb;
      one.hidden =
        (dangerous.checked && !one.classList.contains("dangerous")) ||
        (known.has(verb) && !wanted.has(verb)) ||
        !words.every((word) => texts.get(one).includes(word));
      shown += !one.hidden;
    }
    for (const group of groups) group.hidden = !group.querySelector(".change:not([hidden])");
    document.getElementById("count").textContent = `${shown} of ${changes.length} changes shown`;
  };

  // A link from the picture shows its changes whatever the filters say.
  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) {
      find.value = "";
      dangerous.checked = false;
      for (const one of verbs) one.checked = true;
      filter();
    }
    if (target.classList.contains("group")) {
      const first = target.querySelector("details");
      if (first) first.open = true;
    }
    target.scrollIntoView();
    target.focus();
  };

  document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("filters").addEventListener("input", filter);
  window.addEventListener("hashchange", follow);
  filter();
  follow();
})();
