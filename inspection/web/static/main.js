// The operator's screen: puts its pieces together and hands them the station's state.

import { showAlarm } from "./alarm.js";
import { drawChart } from "./chart.js";
import { ago, byId, count, make, percent, say, timeOfDay, whenChanged } from "./dom.js";
import { listen } from "./feed.js";
import { watchLive } from "./live.js";
import { RejectView } from "./reject.js";
import { ReviewDesk } from "./review.js";

const QUIET_AFTER_MS = 5000;
const DIFFERENCE_FOR_MS = 3000; // parts in hand differ for a moment; an alarm is what stays

const screen = document.querySelector('meta[name="passline-screen"]').content;
const seen = { parts: null, movedAt: null, balancedAt: performance.now(), lostAt: null };
let state = null;

const view = new RejectView((part) => desk.show(part));
const desk = new ReviewDesk(view);
const serveLive = watchLive();

function onState(news) {
  if (news.screen !== screen) return location.reload(); // Passline was updated
  state = news;
  const condition = news.fault ? "fault" : news.waiting ? "waiting" : "running";
  document.body.dataset.condition = condition;
  byId("waiting").hidden = condition !== "waiting";
  showBanner();
  if (condition !== "running") return;
  say("station", news.station);
  say("lot", news.lot ? `lot ${news.lot}` : "");
  showModel(news.model);
  showCounts(news.counts);
  showLedger(news.ledger);
  drawChart(news.chart);
  showAlarm(news.signals);
  showEvents(news.events);
  view.take(news.rejects);
  const more = news.waiting_review > news.waiting_at_most;
  say("waiting-count", more ? `${news.waiting_at_most}+` : news.waiting_review);
}

function onBeat(nowUtcMs) {
  say("clock", timeOfDay(nowUtcMs));
  if (state === null || state.fault || state.waiting) return;
  showPulse(nowUtcMs);
  showDifference();
}

function onLink(up) {
  document.body.dataset.link = up ? "up" : "down";
  seen.lostAt = up ? null : Date.now();
  serveLive(up);
  showBanner();
  desk.allow(up && !state?.fault);
}

function showBanner() {
  const down = document.body.dataset.link === "down";
  byId("banner").hidden = !down && !state?.fault;
  if (down) {
    say("banner-head", "No connection to the station");
    say(
      "banner-text",
      `since ${timeOfDay(seen.lostAt)}. What you see is old; this screen resumes by itself.`,
    );
  } else if (state?.fault) {
    say("banner-head", "The records cannot be read");
    say("banner-text", state.fault);
  }
  desk.allow(!down && !state?.fault);
}

function showModel(model) {
  say("model", model?.label ?? "–");
  say("model-since", model?.since_utc_ms ? `since ${timeOfDay(model.since_utc_ms)}` : "");
}

function showCounts(counts) {
  say("count-parts", count(counts.parts));
  say("count-passed", count(counts.passed));
  say("count-rejected", count(counts.rejected));
  const [lower, upper] = counts.reject_rate_95.map((bound) => (100 * bound).toFixed(1));
  say("count-rate", counts.reject_rate === null ? "–" : percent(counts.reject_rate));
  say("count-interval", counts.reject_rate === null ? "" : `${lower} to ${upper} %`);
  if (counts.parts !== seen.parts) {
    if (seen.parts !== null) seen.movedAt = performance.now();
    seen.parts = counts.parts;
  }
}

function showLedger(ledger) {
  for (const entry of ["triggers", "judged", "late", "incomplete", "lost", "waiting"]) {
    say(`ledger-${entry}`, count(ledger[entry]));
  }
  byId("ledger-in-turn").hidden = ledger.waiting === 0;
  if (ledger.difference === 0) seen.balancedAt = performance.now();
  showDifference();
}

function showDifference() {
  const difference = state.ledger.difference;
  const alarm = difference !== 0 && performance.now() - seen.balancedAt > DIFFERENCE_FOR_MS;
  byId("ledger").dataset.balance = alarm ? "no" : "yes";
  const many = Math.abs(difference);
  const what = difference > 0 ? "not accounted for" : "more than triggered";
  say("ledger-difference", alarm ? `⚠ ${count(many)} ${what}` : "balanced");
}

function showPulse(nowUtcMs) {
  const pulse = byId("pulse");
  const still = performance.now() - (seen.movedAt ?? -Infinity);
  const moving = still < QUIET_AFTER_MS;
  pulse.dataset.moving = moving ? "yes" : "no";
  const lastMs = state.last_part_utc_ms;
  const quiet = lastMs === null ? "no part yet" : `no part for ${ago(nowUtcMs - lastMs)}`;
  pulse.lastElementChild.textContent = moving ? "Line runs" : (state.run.ended ?? quiet);
}

const showEvents = whenChanged((events) => {
  const lines = events.map((event) => {
    const line = make("li", "event");
    line.dataset.kind = event.kind;
    line.append(make("time", "", timeOfDay(event.at_utc_ms)), make("span", "", event.text));
    return line;
  });
  byId("events").replaceChildren(...(lines.length ? lines : [make("li", "event none", "none")]));
});

listen({ onState, onBeat, onLink });
