// The chart of rejects: points, centre and limits as SVG, redrawn only when a subgroup is added.

import { byId, percent, say, whenChanged } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 52, right: 46, top: 12, bottom: 26 };
const GRID = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

let shown = null;

export const drawChart = whenChanged((chart) => {
  shown = chart;
  sayAbout(chart);
  draw();
});

new ResizeObserver(() => draw()).observe(byId("chart"));

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

function draw() {
  const svg = byId("chart");
  const { clientWidth: width, clientHeight: height } = svg;
  const points = shown?.points ?? [];
  if (!points.length || width === 0) {
    say("chart-readout", "No whole subgroup yet");
    return svg.replaceChildren();
  }
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const scale = scales(points, width, height);
  svg.replaceChildren(
    ...grid(scale, width),
    ...limits(points, scale),
    ...centre(points, scale),
    path(points.map((point, i) => [scale.x(i), scale.y(point.value)]), "run"),
    ...points.map((point, i) => mark(point, scale.x(i), scale.y(point.value))),
    ...ends(points, scale),
    ...points.map((point, i) => touch(point, i, scale, height)),
  );
  const signals = points.filter((point) => point.signal).length;
  svg.setAttribute("aria-label", `p chart, ${points.length} subgroups, ${signals} out of control`);
  readOut(points.at(-1));
}

function scales(points, width, height) {
  const inner = width - MARGIN.left - MARGIN.right;
  const highest = Math.max(...points.map((point) => Math.max(point.value, point.upper ?? 0)));
  const top = Math.max(0.01, highest * 1.12);
  const step = inner / Math.max(points.length, 12);
  const floor = height - MARGIN.bottom;
  return {
    step,
    top,
    x: (i) => MARGIN.left + (i + 0.5) * step,
    y: (share) => floor - (share / top) * (floor - MARGIN.top),
  };
}

function grid(scale, width) {
  const step = GRID.find((one) => scale.top / one <= 4) ?? 1;
  const lines = [];
  for (let share = 0; share <= scale.top; share += step) {
    const y = scale.y(share);
    lines.push(
      shape("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }),
      words(percent(share, step < 0.01 ? 1 : 0), MARGIN.left - 8, y + 4, "axis end"),
    );
  }
  return lines;
}

/** Limits as steps: each subgroup has its own when sizes differ. */
function limits(points, scale) {
  const known = points.map((point, i) => ({ ...point, i })).filter((point) => point.upper !== null);
  const steps = (key) =>
    known.flatMap((point) => [
      [scale.x(point.i) - scale.step / 2, scale.y(point[key])],
      [scale.x(point.i) + scale.step / 2, scale.y(point[key])],
    ]);
  if (!known.length) return [];
  const lower = known.some((point) => point.lower > 0) ? [path(steps("lower"), "limit")] : [];
  return [path(steps("upper"), "limit"), ...lower];
}

function centre(points, scale) {
  if (shown.center === null) return [];
  const y = scale.y(shown.center);
  const x2 = scale.x(points.length - 1) + scale.step / 2;
  return [shape("line", { class: "centre", x1: MARGIN.left, x2, y1: y, y2: y })];
}

/** What the lines are called, at their right end, and which parts the chart spans. */
function ends(points, scale) {
  const last = points.at(-1);
  const x = scale.x(points.length - 1) + scale.step / 2 + 6;
  const names = [];
  if (last.upper !== null) names.push(words("UCL", x, scale.y(last.upper) + 4, "axis"));
  if (shown.center !== null) names.push(words("CL", x, scale.y(shown.center) + 4, "axis"));
  if (last.lower > 0) names.push(words("LCL", x, scale.y(last.lower) + 4, "axis"));
  const below = scale.y(0) + 20;
  names.push(words(`part ${points[0].first_part}`, scale.x(0) - scale.step / 2, below, "axis"));
  if (points.length > 8) names.push(words(last.last_part, x - 6, below, "axis end"));
  return names;
}

/** In control: a disc. A signal: a larger diamond in another colour. */
function mark(point, x, y) {
  if (!point.signal) return shape("circle", { class: "point", cx: x, cy: y, r: 4 });
  const d = `M${x} ${y - 9}L${x + 9} ${y}L${x} ${y + 9}L${x - 9} ${y}Z`;
  return shape("path", { class: "point signal", d });
}

/** The whole height of a subgroup answers to the pointer. */
function touch(point, i, scale, height) {
  const area = shape("rect", {
    class: "touch", x: scale.x(i) - scale.step / 2, y: 0, width: scale.step, height,
  });
  area.addEventListener("pointerenter", () => readOut(point));
  area.addEventListener("pointerleave", () => readOut(shown.points.at(-1)));
  return area;
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

const path = (corners, name) =>
  shape("path", { class: name, d: corners.map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`).join("") });

function words(text, x, y, name) {
  const element = shape("text", { class: name, x, y });
  element.textContent = text;
  return element;
}

function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
