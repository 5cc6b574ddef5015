// What the kinds of happenings are called, and how each looks.

/** Kind of happening -> what happened, its plural for summaries, and its tone. */
export const KINDS = {
  "object.created": ["Object created", "objects created", "good"],
  "object.removed": ["Object removed", "objects removed", "soft"],
  "function.started": ["Function started", "functions started", "plain"],
  "function.ended": ["Function ended", "functions ended", "plain"],
  "row.written": ["Row written", "rows written", "good"],
  "row.changed": ["Row changed", "rows changed", "good"],
  "row.removed": ["Row removed", "rows removed", "soft"],
  "message.sent": ["Message sent", "messages sent", "plain"],
  "message.received": ["Message received", "messages received", "plain"],
  "message.removed": ["Message removed", "messages removed", "soft"],
  "message.published": ["Message published", "messages published", "good"],
  "mail.sent": ["Mail sent", "mails sent", "good"],
  "failure.kept": ["Failure kept", "failures kept", "bad"],
  "alarm.ringing": ["Alarm ringing", "alarms ringing", "bad"],
  "alarm.ended": ["Alarm ended", "alarms ended", "good"],
  "call.refused": ["Call refused", "calls refused", "bad"],
  "api.called": ["API called", "API calls", "plain"],
  "api.answered": ["API answered", "API answers", "plain"],
  "rule.matched": ["Rule matched", "rules matched", "plain"],
  "schedule.fired": ["Schedule fired", "schedules fired", "plain"],
  "function.run": ["Function run", "function runs", "plain"],
};

export const kindText = (kind) => KINDS[kind]?.[0] ?? kind;

/** `good`, `bad`, `soft` or `plain`; a failed status makes everything bad. */
export const tone = ({ kind, status }) => (status === "error" || status === "refused" ? "bad" : (KINDS[kind]?.[2] ?? "plain"));

/** `2 objects created, 1 failure kept`, from happenings. */
export const summary = (happenings) => {
  const counts = new Map();
  for (const { kind } of happenings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts]
    .map(([kind, number]) => (number === 1 ? `1 ${kindText(kind).toLowerCase()}` : `${number} ${KINDS[kind]?.[1] ?? kind}`))
    .join(", ");
};

export const READ_ONLY = "This console is read-only. Start it with `sluice console --allow-writes` to put something in.";

/** What the tabs of a box are called. */
export const TABS = {
  objects: "Objects",
  rows: "Rows",
  rejects: "Rejected records",
  messages: "Messages",
  sent: "Sent",
  failures: "Failures",
  log: "Log",
  traces: "Traces",
  metrics: "Metrics",
  alarms: "Alarms",
  upload: "Upload",
  call: "Call",
  message: "Send",
  publish: "Publish",
  invoke: "Invoke",
  event: "Send event",
  reading: "Simulate reading",
  about: "About",
};
