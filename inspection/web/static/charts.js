// The chart page: the station's charts, one of them large, the parts behind a point, the signals.

import { get, post } from "./ask.js";
import { ControlChart } from "./control-chart.js";
import { byId, count, make, percent, say, timeOfDay } from "./dom.js";
import { guarded, who } from "./page.js";
import { listSignals } from "./signals.js";
import { askWords } from "./words.js";

const LOOK_AGAIN_MS = 5000;
const DAY_MS = 86_400_000;

const view = { charts: [], chosen: null, points: null, spanned: null };

const plot = () => view.plot;

async function refresh() {
  const found = await get("/charts/list");
  view.charts = found.charts;
  listCharts(found);
  showRate(found.rate);
  const asked = Number(new URLSearchParams(location.search).get("chart"));
  const chosen = view.charts.find((one) => one.chart_id === (view.chosen?.chart_id ?? asked));
  const chart = chosen ?? view.charts[0] ?? null;
  if (chart === null) {
    say("title", found.watched ? "No chart yet" : "The watch has not run yet");
    say("about", found.watched ? "The first charts come with the first parts." : "Start it with passline watch DATA, or the whole station with passline start.");
    return;
  }
  const another = view.chosen?.chart_id !== chart.chart_id;
  const grown = view.chosen?.points !== chart.points || view.chosen?.open !== chart.open;
  view.chosen = chart;
  showHead(chart);
  if (another) await open(chart);
  else if (grown && view.spanned !== "some") await load({ keepRange: false });
  if (another || grown) await showSignals();
}

function listCharts({ charts }) {
  const entries = charts.map((chart) => {
    const button = make("button", "chart-entry");
    button.type = "button";
    button.dataset.chart = chart.chart_id;
    button.dataset.open = chart.open > 0 ? "yes" : "no";
    if (chart.chart_id === view.chosen?.chart_id) button.setAttribute("aria-current", "true");
    button.append(make("b", "", chart.title), make("span", "", chart.kind), make("i", "", state(chart)));
    button.onclick = () => choose(chart);
    const item = document.createElement("li");
    item.append(button);
    return item;
  });
  byId("charts").replaceChildren(...entries);
}

function state(chart) {
  if (chart.open > 0) return `◆ ${chart.open} open signal${chart.open === 1 ? "" : "s"}`;
  if (chart.phase === 1) return "phase I, no limits yet";
  return chart.alarm ? "in control" : "picture, no alarm";
}

function showRate(rate) {
  byId("rate").hidden = rate === null;
  if (rate === null) return;
  if (rate.refused) {
    say("rate-figure", "not known");
    say("rate-about", `Study “${rate.study}”: ${rate.refused}`);
    return;
  }
  say("rate-figure", `${percent(rate.rate, 2)} (${percent(rate.lower, 2)} to ${percent(rate.upper, 2)})`);
  const below = rate.below_false_rejects ? " Fewer rejects than false rejects alone would make." : "";
  say(
    "rate-about",
    `95 % interval. Rejected: ${percent(rate.seen, 2)} of ${count(rate.parts)} inspected parts in the last ` +
      `${rate.days} days of work; corrected by study ` +
      `“${rate.study}” (${rate.bad} bad, ${rate.good} good parts).${below}`,
  );
}

function showHead(chart) {
  say("title", chart.title);
  say("about", chart.kind);
  say("limits", chart.limits);
}

async function choose(chart) {
  view.chosen = null;
  history.replaceState(null, "", `?chart=${chart.chart_id}`);
  view.picked = null;
  await guarded(refresh);
}

async function open(chart) {
  byId("plot").replaceChildren();
  view.plot = new ControlChart(byId("plot"), {
    percent: chart.percent,
    label: (at) => below(at),
    onHover: (at) => readOut(at),
    onPick: (at) => guarded(() => showBehind(at)),
    onRange: (from, to) => guarded(() => ranged(from, to)),
  });
  view.spanned = "all";
  await load({});
}

/** Fetch points; a range in view gets all of its points where they are not too many. */
async function load({ since, until, sinceMs, keepRange = false }) {
  const chart = view.chosen;
  const asked = new URLSearchParams();
  if (since !== undefined) asked.set("since", since);
  if (until !== undefined) asked.set("until", until);
  if (sinceMs !== undefined) asked.set("since_ms", sinceMs);
  const points = await get(`/charts/${chart.chart_id}/points?${asked}`);
  if (view.chosen?.chart_id !== chart.chart_id) return;
  view.points = points;
  if (points.columns === null) return say("readout", "No point yet");
  const { columns, stages, marks } = points;
  view.loaded = [columns.number[0], columns.number.at(-1)];
  plot().show({ ...columns, stages, marks }, { keepRange });
  byId("plot").dataset.points = columns.number.length;
  byId("plot").dataset.thinned = points.thinned ? "yes" : "no";
  const signals = columns.rules.filter((rule) => rule !== "").length;
  byId("plot").setAttribute(
    "aria-label", `${chart.title}: ${columns.number.length} points, ${signals} out of control`,
  );
  readOut(null);
}

/** Another range is in view: of a thinned chart its finer points come now. */
async function ranged(from, to) {
  if (from === null) {
    view.spanned = "all";
    return load({});
  }
  const whole = from <= view.points.first && to >= view.points.last;
  view.spanned = whole ? "all" : "some";
  const outside = from < view.loaded[0] || to > view.loaded[1];
  const finer = view.points.thinned && !(from <= view.loaded[0] && to >= view.loaded[1]);
  if (!whole && (outside || finer)) {
    const margin = Math.ceil((to - from) / 2);
    const since = Math.max(view.points.first, from - margin);
    const until = Math.min(view.points.last, to + margin);
    if (since < view.loaded[0] || until > view.loaded[1] || view.points.thinned) {
      await load({ since, until, keepRange: true });
    }
  }
}

function below(at) {
  const { columns } = view.points;
  const when = new Date(columns.to_utc_ms[at]);
  const first = new Date(columns.to_utc_ms[0]);
  const last = new Date(columns.to_utc_ms.at(-1));
  const time = timeOfDay(columns.to_utc_ms[at]).slice(0, 5);
  if (last - first < DAY_MS && last.getDate() === first.getDate()) return time;
  const date = `${two(when.getMonth() + 1)}-${two(when.getDate())}`;
  return last - first > 20 * DAY_MS ? date : `${date} ${time}`;
}

function readOut(at) {
  const { columns, percent: share, thinned, first, last } = view.points;
  const i = at ?? columns.number.length - 1;
  const figure = (value) => (value === null ? "–" : share ? percent(value, 2) : String(Number(value.toPrecision(4))));
  const signal = columns.rules[i] !== "" ? `◆ ${columns.rules[i]} · ` : "";
  const bounds = columns.upper[i] === null && columns.lower[i] === null
    ? "no limits yet" : `limits ${figure(columns.lower[i])} to ${figure(columns.upper[i])}`;
  const fine = thinned ? ` · ${count(columns.number.length)} of ${count(last - first + 1)} points shown, zoom in for all` : "";
  say(
    "readout",
    `${signal}${new Date(columns.from_utc_ms[i]).toLocaleDateString("sv")} ` +
      `${timeOfDay(columns.from_utc_ms[i]).slice(0, 5)}–${timeOfDay(columns.to_utc_ms[i]).slice(0, 5)} · ` +
      `parts ${columns.first_part[i]}–${columns.last_part[i]} · ${figure(columns.value[i])} · ` +
      `n ${count(columns.size[i])} · ${bounds}${fine}`,
  );
  byId("readout").dataset.signal = columns.rules[i] !== "" ? "yes" : "no";
}

async function showBehind(at) {
  const { columns } = view.points;
  const [first, last] = [columns.first_part[at], columns.last_part[at]];
  const { parts } = await get(`/parts?first=${first}&last=${last}`);
  view.picked = columns.number[at];
  byId("behind-head").replaceChildren(
    `Parts ${first}–${last} `,
    make("small", "", parts.length ? "rejects first" : "neither rejects nor kept pictures"),
  );
  byId("behind-parts").replaceChildren(...parts.map(partEntry));
}

function partEntry(part) {
  const item = make("li", "part-entry");
  item.dataset.outcome = part.outcome;
  item.dataset.part = part.part_number;
  const button = make("button", "");
  button.type = "button";
  if (part.pictures.length) {
    const image = document.createElement("img");
    image.loading = "lazy";
    image.src = part.pictures[0];
    image.alt = `Part ${part.serial}`;
    button.append(image);
  } else {
    button.append(make("span", "no-image", "no picture kept"));
    button.disabled = true;
  }
  button.append(make("b", "", part.serial), make("span", "", part.reasons.join(", ") || part.outcome));
  button.onclick = () => enlarge(part);
  item.append(button);
  return item;
}

function enlarge(part) {
  const dialog = byId("picture");
  byId("picture-large").src = part.pictures[0];
  byId("picture-large").alt = `Part ${part.serial}`;
  const score = part.score === null ? "" : ` · score ${part.score.toFixed(2)}`;
  say("picture-about", `${part.serial} · ${part.reasons.join(", ") || part.outcome}${score}`);
  dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
  dialog.showModal();
}

async function showSignals() {
  const { signals } = await get(`/signals?chart_id=${view.chosen.chart_id}`);
  listSignals(signals, { onChange: () => guarded(async () => {
    await showSignals();
    await refresh();
  }), onLook: (signal) => guarded(() => lookAt(signal)) });
}

/** Bring the points of a signal into view, and the parts behind it. */
async function lookAt(signal) {
  if (view.points?.columns === null) return;
  await load({});
  const at = view.points.columns.last_part.findIndex((last) => last >= signal.last_part);
  if (at < 0) return;
  const { first, last } = view.points;
  const number = view.points.columns.number[at];
  plot().look(Math.max(first, number - 20), Math.min(last, number + 20));
  await showBehind(at);
}

async function writeNote() {
  const name = await who.known();
  const text = name === "" ? null : await askWords("Note", "It stands on every chart at this moment.");
  if (text === null) return;
  await guarded(async () => {
    const [, fault] = await post("/notes", { who: name, text });
    if (fault !== null) throw new Error(`Not saved: ${fault}`);
    await load({});
  });
}

async function span(days) {
  if (days === "all") {
    view.spanned = "all";
    return load({});
  }
  view.spanned = "some";
  const newest = view.points.columns.to_utc_ms.at(-1);
  return load({ sinceMs: newest - Number(days) * DAY_MS });
}

const two = (number) => String(number).padStart(2, "0");

for (const button of document.querySelectorAll("[data-span]")) {
  button.onclick = () => guarded(() => span(button.dataset.span));
}
for (const button of document.querySelectorAll("[data-zoom]")) {
  button.onclick = () => plot()?.zoomBy(Number(button.dataset.zoom));
}
for (const button of document.querySelectorAll("[data-pan]")) {
  button.onclick = () => plot()?.pan(Number(button.dataset.pan));
}
byId("write-note").onclick = writeNote;

await guarded(refresh);
setInterval(() => document.hidden || guarded(refresh), LOOK_AGAIN_MS);
