// The chart of rejects on the first screen: the latest subgroups, read out under the pointer.

import { ControlChart } from "./control-chart.js";
import { byId, percent, say, whenChanged } from "./dom.js";

let shown = null;
let plot = null;

export const drawChart = whenChanged((chart) => {
  shown = chart;
  sayAbout(chart);
  draw(chart.points);
});

function sayAbout(chart) {
  const { subgroup, baseline_subgroups: baseline, frozen } = chart;
  if (subgroup === null) return say("chart-about", "the recipe names no chart of rejects");
  const each = typeof subgroup === "number" ? `${subgroup} parts each` : `by ${subgroup}`;
  say(
    "chart-about",
    frozen
      ? `${each} · limits from the first ${baseline}`
      : `${each} · limits after ${baseline} subgroups`,
  );
}

function draw(points) {
  const signals = points.filter((point) => point.signal).length;
  byId("chart").dataset.points = points.length;
  byId("chart").dataset.signals = signals;
  byId("chart").setAttribute("aria-label", `${points.length} subgroups, ${signals} out of control`);
  if (!points.length) {
    byId("chart").replaceChildren();
    plot = null;
    return say("chart-readout", "No whole subgroup yet");
  }
  plot ??= new ControlChart(byId("chart"), {
    percent: true,
    zoom: false,
    label: (i) => (i === 0 ? `part ${shown.points[0].first_part}` : String(shown.points[i].first_part)),
    onHover: (i) => readOut(shown.points[i ?? shown.points.length - 1]),
  });
  const column = (name) => points.map((point) => point[name]);
  plot.show({
    number: points.map((_, i) => i),
    value: column("value"),
    center: points.map((point) => (point.upper === null ? null : shown.center)),
    lower: points.map((point) => point.lower || null), // at 0 there is nothing below it
    upper: column("upper"),
    rules: points.map((point) => (point.signal ? "signal" : "")),
  });
  readOut(points.at(-1));
}

function readOut(point) {
  const bounds =
    point.upper === null
      ? "limits not set yet"
      : point.lower > 0
        ? `limits ${percent(point.lower)} to ${percent(point.upper)}`
        : `limit ${percent(point.upper)}`;
  const verdict = point.signal ? "◆ Out of control · parts" : "Parts";
  say(
    "chart-readout",
    `${verdict} ${point.first_part}–${point.last_part}: ${point.defectives} of ${point.size}, ` +
      `${percent(point.value)} · ${bounds}`,
  );
  byId("chart-readout").dataset.signal = point.signal ? "yes" : "no";
}
