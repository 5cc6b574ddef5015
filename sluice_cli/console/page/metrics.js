// Metrics as small charts, with the thresholds of their alarms.
import { get } from "./api.js";
import { element, nothing, replace, select, shape } from "./dom.js";
import { count, time } from "./text.js";

const ASKED_EVERY = 15_000; // milliseconds
const WIDTH = 300;
const HEIGHT = 90;
const SPANS = [[15, "15 minutes"], [60, "hour"], [360, "6 hours"], [1440, "day"]];

export const metrics = (place, node, app, signal) => {
  const span = select(SPANS, { "aria-label": "Time", onchange: () => ask() });
  span.value = "60";
  const charts = element("div", { class: "charts" });
  const status = element("p", { class: "quiet", role: "status" }, "Loading…");
  let asking = null;
  const ask = async () => {
    clearTimeout(asking);
    try {
      const answer = await get("/api/metrics", { node: node.id, minutes: span.value }, signal);
      replace(charts, answer.metrics.length ? answer.metrics.map((one) => chart(one, answer)) : nothing("No metric has values yet. They appear within a minute after something happens."));
      status.textContent = "";
    } catch (error) {
      if (signal.aborted) return;
      status.textContent = error.message;
    }
    if (!signal.aborted) asking = setTimeout(ask, ASKED_EVERY);
  };
  signal.addEventListener("abort", () => clearTimeout(asking));
  replace(place, element("div", { class: "filters" }, element("label", { class: "switch" }, "The last ", span), status), charts);
  ask();
};

const number = (value) => (Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(3))));

const chart = (metric, { from, to }) => {
  const values = metric.points.map(([, value]) => value);
  const thresholds = metric.alarms.map((one) => one.threshold).filter(Number.isFinite);
  const top = Math.max(...values, ...thresholds, 0) || 1;
  const x = (at) => ((at - from) / (to - from || 1)) * WIDTH;
  const y = (value) => HEIGHT - 4 - (value / top) * (HEIGHT - 12);
  const words = values.length ? `latest ${number(values.at(-1))}, highest ${number(Math.max(...values))}` : "no values";
  const unit = metric.unit && metric.unit !== "None" && metric.unit !== "Count" ? `, ${metric.unit.toLowerCase()}` : "";
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${metric.name}, ${metric.stat.toLowerCase()}${unit}: ${words}`, preserveAspectRatio: "none" });
  svg.append(
    shape("path", { class: "axis", d: `M0 ${HEIGHT - 4}H${WIDTH}` }),
    ...thresholds.map((one) => shape("path", { class: "threshold", d: `M0 ${y(one)}H${WIDTH}` })),
    ...metric.points.map(([at, value]) => shape("path", { class: "value", d: `M${x(at)} ${HEIGHT - 4}V${Math.min(y(value), HEIGHT - 6)}` })),
  );
  return element(
    "figure",
    {},
    element("figcaption", {}, element("strong", {}, metric.name), ` ${metric.stat.toLowerCase()}${unit}`),
    svg,
    element("p", { class: "quiet" }, time(from), " to ", time(to), `: ${words}`),
    metric.alarms.map((one) => element("p", { class: "quiet" }, `Alarm ${one.name}: ${one.comparison} ${number(one.threshold)}`)),
  );
};
