// Process or camera? The newest signal that nobody has closed, with its answer and the reasons.

import { byId, say, timeOfDay, whenChanged } from "./dom.js";

export const showAlarm = whenChanged(({ open, newest }) => {
  const alarm = byId("alarm");
  alarm.hidden = newest === null;
  if (newest === null) return;
  const { diagnosis } = newest;
  const more = open > 1 ? ` · ${open} signals open` : "";
  alarm.href = `/charts?chart=${newest.chart_id}`;
  alarm.dataset.origin = diagnosis.origin;
  say("alarm-what", `◆ ${newest.title}: ${newest.rule} · ${timeOfDay(newest.at_utc_ms).slice(0, 5)}${more}`);
  say("alarm-answer", diagnosis.heading);
  say("alarm-why", diagnosis.reasons.join("; ") || `parts ${newest.first_part} to ${newest.last_part}`);
});
