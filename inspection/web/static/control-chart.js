// One control chart on a canvas: points, limits as steps, signals, changes; zoom, pan, hover, pick.
// Every chart of the screens is drawn here. The drawing library is vendored: decision 0009.

const { uPlot } = window;
const SIGNAL_PX = 7;
const ZOOM_STEP = 0.7;
const LEAST_POINTS = 8;
const SETTLE_MS = 150;

/**
 * Columns of equal length: `number` (ascending), `value`, `center`, `lower`, `upper` (null where
 * there is none) and `rules` ("" where the point does not signal). `stages`: [{ number, phase_one,
 * text }] by first point, with `phase_one` the last point of phase I. `marks`: [{ number, text }].
 */
export class ControlChart {
  /**
   * percent: whether values are shares. label(i): what stands below point i.
   * onHover(i), onPick(i): the pointer is over, or chose, point i; null when it left.
   * onRange(from, to): another range of numbers is in view, and has been for a moment.
   */
  constructor(element, { percent = false, zoom = true, label, onHover, onPick, onRange }) {
    Object.assign(this, { element, percent, zoom, label, onHover, onPick, onRange });
    this.columns = null;
    this.plot = null;
    new ResizeObserver(() => this.#resize()).observe(element);
  }

  /** Show these columns; `keepRange` leaves what is in view as it is. */
  show(columns, { keepRange = false } = {}) {
    this.columns = columns;
    const { number, value, center, lower, upper } = columns;
    const data = [number, value, center, lower, upper];
    if (this.plot === null) this.plot = this.#make(data);
    else this.plot.setData(data, !keepRange);
  }

  /** Zoom by a factor about the middle, or about a number. */
  zoomBy(factor, about = null) {
    const { min, max } = this.plot.scales.x;
    const middle = about ?? (min + max) / 2;
    this.#view(middle - (middle - min) * factor, middle + (max - middle) * factor);
  }

  /** Move by a share of what is in view. */
  pan(share) {
    const { min, max } = this.plot.scales.x;
    const by = (max - min) * share;
    this.#view(min + by, max + by);
  }

  /** Bring these numbers into view. */
  look(from, to) {
    this.#view(from - 0.5, to + 0.5);
  }

  get range() {
    const { min, max } = this.plot.scales.x;
    return [Math.ceil(min), Math.floor(max)];
  }

  #view(min, max) {
    if (max - min < LEAST_POINTS) return;
    this.plot.setScale("x", { min, max });
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (this.plot !== null && width > 0 && height > 0) this.plot.setSize({ width, height });
  }

  #make(data) {
    const colour = colours();
    this.colour = colour;
    const { clientWidth: width, clientHeight: height } = this.element;
    const axis = { stroke: colour.soft, font: "13px system-ui", ticks: { show: false } };
    const line = { paths: () => null, points: { show: false } };
    const options = {
      width: Math.max(width, 100),
      height: Math.max(height, 80),
      padding: [18, 62, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: this.zoom, y: false, setScale: this.zoom },
        points: { size: 11, fill: colour.text },
        bind: { dblclick: () => () => this.#whole() },
      },
      scales: {
        x: { time: false, range: (_, min, max) => spread(min, max) },
        y: { range: (_, min, max) => room(min, max) },
      },
      axes: [
        { ...axis, grid: { show: false }, values: (_, ticks) => ticks.map((n) => this.#below(n)),
          space: 90, incrs: WHOLE, size: 30 },
        { ...axis, size: 64, grid: { stroke: colour.edge, width: 1 },
          values: (_, ticks) => figures(ticks, this.percent) },
      ],
      series: [
        {},
        { stroke: colour.run, width: 1.5, points: { show: few, size: 6, fill: colour.text, stroke: colour.text } },
        line, line, line,
      ],
      hooks: {
        drawAxes: [(plot) => this.#drawBehind(plot)],
        draw: [(plot) => this.#drawLines(plot), (plot) => this.#drawSignals(plot)],
        setCursor: [(plot) => this.onHover?.(plot.cursor.idx ?? null)],
        setScale: [(_, name) => name === "x" && this.#settle()],
        ready: [(plot) => this.#listen(plot)],
      },
    };
    return new uPlot(options, data, this.element);
  }

  #listen(plot) {
    let downAt = null;
    plot.over.addEventListener("mousedown", (event) => (downAt = event.clientX));
    plot.over.addEventListener("click", (event) => {
      const dragged = downAt !== null && Math.abs(event.clientX - downAt) > 4;
      if (!dragged && plot.cursor.idx != null) this.onPick?.(plot.cursor.idx);
    });
    if (!this.zoom) return;
    plot.over.addEventListener("wheel", (event) => {
      event.preventDefault();
      const about = plot.posToVal(event.offsetX, "x");
      if (event.shiftKey) this.pan(Math.sign(event.deltaY || event.deltaX) * 0.2);
      else this.zoomBy(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP, about);
    }, { passive: false });
  }

  #whole() {
    this.onRange?.(null, null);
    return null;
  }

  #settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.onRange?.(...this.range), SETTLE_MS);
  }

  #below(number) {
    const at = nearest(this.columns.number, number);
    return at === null ? "" : this.label(at);
  }

  /** Phases and changes, below the points. */
  #drawBehind(plot) {
    const { ctx, bbox } = plot;
    const { stages = [], marks = [] } = this.columns;
    const x = (n) => plot.valToPos(n, "x", true);
    ctx.save();
    clip(ctx, bbox);
    for (const stage of stages) this.#drawStage(plot, stage, x);
    for (const mark of marks) this.#drawMark(plot, x(mark.number - 0.5), mark.text, this.colour.ask);
    ctx.restore();
  }

  /** Centre and limits, over points that may stand close. */
  #drawLines(plot) {
    const { ctx, bbox } = plot;
    const { number, center, lower, upper } = this.columns;
    ctx.save();
    clip(ctx, bbox);
    this.#steps(plot, number, center, [], this.colour.line);
    this.#steps(plot, number, lower, [7, 5], this.colour.line);
    this.#steps(plot, number, upper, [7, 5], this.colour.line);
    ctx.restore();
    for (const [name, line] of [["UCL", upper], ["CL", center], ["LCL", lower]]) {
      this.#nameLine(plot, name, line);
    }
  }

  #drawStage(plot, { number, phase_one: last, text }, x) {
    const { ctx, bbox } = plot;
    const left = x(number - 0.5);
    const width = last === null ? 0 : x(last + 0.5) - left;
    ctx.fillStyle = this.colour.phase;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    if (width > px(60)) this.#words(plot, "phase I", left + px(5), bbox.top + bbox.height - px(6));
    if (text) this.#drawMark(plot, left, text, this.colour.soft);
  }

  #drawMark({ ctx, bbox }, x, text, colour) {
    ctx.strokeStyle = colour;
    ctx.setLineDash([px(2), px(4)]);
    ctx.lineWidth = px(1.5);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    this.#words({ ctx }, text, x + px(4), bbox.top + px(13));
  }

  /** Each point has its own limits: a step reaches half-way to its neighbours. */
  #steps(plot, number, line, dash, colour) {
    const { ctx } = plot;
    const x = (n) => plot.valToPos(n, "x", true);
    ctx.strokeStyle = colour;
    ctx.lineWidth = px(1.5);
    ctx.setLineDash(dash.map(px));
    ctx.beginPath();
    let drawing = false;
    for (let i = 0; i < number.length; i += 1) {
      if (line[i] === null) {
        drawing = false;
        continue;
      }
      const y = plot.valToPos(line[i], "y", true);
      const from = i === 0 ? number[i] - 0.5 : (number[i - 1] + number[i]) / 2;
      const to = i === number.length - 1 ? number[i] + 0.5 : (number[i] + number[i + 1]) / 2;
      if (drawing) ctx.lineTo(x(from), y);
      else ctx.moveTo(x(from), y);
      ctx.lineTo(x(to), y);
      drawing = true;
    }
    ctx.stroke();
    ctx.setLineDash([]);
  }

  #nameLine(plot, name, line) {
    const { ctx, bbox } = plot;
    const at = nearest(this.columns.number, Math.floor(plot.scales.x.max));
    if (at === null || line[at] === null) return;
    const y = plot.valToPos(line[at], "y", true);
    if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) return;
    this.#words({ ctx }, name, bbox.left + bbox.width + px(6), y + px(4));
  }

  /** A signal is a larger diamond in another colour: told apart by shape as well. */
  #drawSignals(plot) {
    const { ctx, bbox } = plot;
    const { number, value, rules } = this.columns;
    ctx.save();
    clip(ctx, bbox, px(SIGNAL_PX + 2));
    ctx.fillStyle = this.colour.signal;
    ctx.strokeStyle = this.colour.ground;
    ctx.lineWidth = px(2);
    for (let i = 0; i < number.length; i += 1) {
      if (rules[i] === "" || value[i] === null) continue;
      const [x, y] = [plot.valToPos(number[i], "x", true), plot.valToPos(value[i], "y", true)];
      const r = px(SIGNAL_PX);
      ctx.beginPath();
      ctx.moveTo(x, y - r);
      ctx.lineTo(x + r, y);
      ctx.lineTo(x, y + r);
      ctx.lineTo(x - r, y);
      ctx.closePath();
      ctx.fill();
      ctx.stroke();
    }
    ctx.restore();
  }

  #words({ ctx }, text, x, y) {
    ctx.font = `${px(12)}px system-ui`;
    ctx.fillStyle = this.colour.soft;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.fillText(text, x, y);
  }
}

/** The index of the last number at or below `wanted`; null where there is none. */
export function nearest(numbers, wanted) {
  if (numbers.length === 0 || numbers[0] > wanted) return null;
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (numbers[middle] <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}

const WHOLE = [1, 2, 5].flatMap((n) => [n, 10 * n, 100 * n, 1000 * n, 1e4 * n, 1e5 * n]).sort((a, b) => a - b);

const few = (plot, _series, from, to) => (to - from) * 7 < plot.bbox.width / window.devicePixelRatio;

const px = (css) => css * window.devicePixelRatio;

const spread = (min, max) => (min === max ? [min - LEAST_POINTS / 2, max + LEAST_POINTS / 2] : [min, max]);

function room(min, max) {
  if (min === null || max === null) return [0, 1];
  const space = (max - min || Math.abs(max) || 0.01) * 0.12;
  return [min >= 0 && min - space < 0 ? 0 : min - space, max + space];
}

function figures(ticks, percent) {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : 1;
  const shown = percent ? 100 * step : step;
  const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(shown) - 1e-9)));
  return ticks.map((tick) => (percent ? `${(100 * tick).toFixed(digits)} %` : tick.toFixed(digits)));
}

/** Draw inside the chart alone, and as far around it as `over` says. */
function clip(ctx, { left, top, width, height }, over = 0) {
  ctx.beginPath();
  ctx.rect(left - over, top - over, width + 2 * over, height + 2 * over);
  ctx.clip();
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const named = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: named("text"), soft: named("soft"), edge: named("edge"), ground: named("ground"),
    signal: named("abnormal"), ask: "#8fb4f5", run: "#6d7d8b", line: "#c3ccd4", phase: "rgb(255 255 255 / 0.045)",
  };
}
