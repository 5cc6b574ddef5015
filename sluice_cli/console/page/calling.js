// Calls of an API's routes, signed by the server.
import { post } from "./api.js";
import { button, element, facts, field, replace, select, textBlock, working } from "./dom.js";
import { bodyForm, schemaField } from "./schema_form.js";
import { duration, pretty } from "./text.js";
import { READ_ONLY } from "./words.js";

export const calling = (place, node, app) => {
  const routes = node.api?.routes ?? [];
  if (!routes.length) return replace(place, element("p", { class: "nothing" }, "The API has no route."));
  const chosen = select(routes.map((one, number) => [number, `${one.method} ${one.path}`]), { onchange: () => draw() });
  const inside = element("div", {});
  replace(place, app.writes ? null : element("p", { class: "note" }, READ_ONLY), field("Route", chosen), inside);
  const draw = () => replace(inside, form(routes[Number(chosen.value)], node, app));
  draw();
};

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const WITHOUT_BODY = ["GET", "HEAD"];

const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

const parameter = (one) => {
  const schema = one.schema ?? { type: "string" };
  const made = schemaField(one.name, schema, schema.default ?? schema.example, { required: one.required, note: one.in });
  // A route needs a text for each parameter of its path.
  if (one.required && made.input) made.input.required = true;
  return made;
};

const form = (route, node, app) => {
  const status = element("div", { role: "status", class: "answer" });
  const chosen = route.method === "ANY" ? select(METHODS) : null;
  const method = () => chosen?.value ?? route.method;
  const parameters = (route.parameters ?? []).map((one) => [one, parameter(one)]);
  const body = route.body ? bodyForm(route.body) : null;
  const submit = element("button", {}, "Call");
  const call = async () => {
    const given = { path: {}, query: {}, header: {} };
    for (const [one, { value }] of parameters) {
      const found = value();
      // Of a list in the query, each item gives the name again, as OpenAPI and API Gateway have it.
      if (found !== undefined && found !== "") given[one.in][one.name] = one.in === "query" && Array.isArray(found) ? found.map(asText) : asText(found);
    }
    const answer = await post("/api/call", {
      node: node.id,
      method: method(),
      path: route.path,
      parameters: given,
      body: body && !WITHOUT_BODY.includes(method()) ? body.text() : null,
      content_type: route.body?.content_type ?? "application/json",
    });
    return [
      element("p", { class: answer.status < 400 ? "good" : "bad" }, `Status ${answer.status}, ${duration(answer.seconds)} `, answer.follow && button("Follow", () => app.follow(answer.follow))),
      textBlock("Answer", pretty(answer.body ?? "")),
      answer.truncated ? element("p", { class: "quiet" }, "Only the beginning is shown.") : null,
      element("details", {}, element("summary", {}, "Headers"), facts(Object.entries(answer.headers ?? {}))),
    ];
  };
  return element(
    "form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        await working(submit, status, call);
        status.scrollIntoView({ block: "nearest" });
      },
    },
    element("p", { class: "quiet" }, [route.operation, `authorization: ${route.authorization}`].filter(Boolean).join("; ")),
    element(
      "fieldset",
      { disabled: !app.writes },
      chosen && field("Method", chosen),
      parameters.map(([, one]) => one.element),
      body?.form,
      submit,
    ),
    status,
  );
};
