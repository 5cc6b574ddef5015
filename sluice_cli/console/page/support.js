// What a browser needs for the page, and words for one that lacks it. Written so that browsers of any age can run it:
// a script of its own before the modules, in ECMAScript 5.
(function () {
  var FEATURES = {
    "JavaScript modules": function () {
      return "noModule" in document.createElement("script");
    },
    EventSource: function () {
      return typeof window.EventSource === "function";
    },
    fetch: function () {
      return typeof window.fetch === "function" && typeof window.AbortController === "function";
    },
    "the dialog element": function () {
      return typeof document.createElement("dialog").showModal === "function";
    },
    "Element.replaceChildren": function () {
      return typeof Element.prototype.replaceChildren === "function";
    },
    "Array.at": function () {
      return typeof Array.prototype.at === "function";
    },
    "regular expressions with lookbehind": function () {
      return Boolean(new RegExp("(?<!a)\\p{Extended_Pictographic}", "u"));
    },
    "Intl.DateTimeFormat": function () {
      return Boolean(new Intl.DateTimeFormat(undefined, { hour: "2-digit", fractionalSecondDigits: 3 }));
    },
    "CSS custom properties": function () {
      return CSS.supports("color", "var(--a)") && CSS.supports("inset-inline-end", "0") && CSS.supports("selector(:focus-visible)");
    }
  };
  var NEWER = "The page needs Chrome or Edge 92, Firefox 98, Safari 16.4, or newer.";
  var place = document.getElementById("starting");

  function say(text) {
    document.documentElement.className = "unsupported"; // main.js does not start
    place.setAttribute("role", "alert");
    place.textContent = text;
  }

  var missing = [];
  for (var name in FEATURES) {
    try {
      if (!FEATURES[name]()) missing.push(name);
    } catch (error) {
      missing.push(name);
    }
  }
  if (missing.length) say("This browser is too old for the page: it lacks " + missing.join(", ") + ". " + NEWER);

  // Syntax that the browser does not know, and files that do not arrive, until the page has started.
  window.addEventListener(
    "error",
    function (event) {
      if (!document.getElementById("start") || missing.length) return;
      if (event.message) say("This browser cannot run the page: " + event.message + ". " + NEWER);
      else if (event.target.tagName === "SCRIPT" || event.target.tagName === "LINK") say("A file of the page did not arrive. Load the page again; if that does not help, start `sluice console` again.");
    },
    true
  );
})();
