// The learning curve of the training that runs, or ran last: loss on its batches and on validation crops.

const { uPlot } = window;
const HEIGHT_PX = 240;
const AXIS = { stroke: "#9fb0b8", grid: { stroke: "#2a333a" } };

export class LearningCurve {
  constructor(element, sentence) {
    this.element = element;
    this.sentence = sentence;
    this.plot = null;
  }

  show(run) {
    this.sentence.textContent = inWords(run);
    const data = columns(run.points);
    this.element.hidden = run.points.length === 0;
    if (this.element.hidden) return;
    if (this.plot === null) this.plot = this.draw(data);
    else this.plot.setData(data);
  }

  draw(data) {
    const options = {
      width: this.element.clientWidth,
      height: HEIGHT_PX,
      scales: { x: { time: false, range: [0, 100] } },
      axes: [{ ...AXIS, values: (_, ticks) => ticks.map((tick) => `${tick} %`) }, AXIS],
      series: [
        { label: "done", value: (_, share) => (share === null ? "" : `${share.toFixed(0)} %`) },
        { label: "loss", stroke: "#5b9bd5", width: 2 },
        { label: "loss on validation parts", stroke: "#f2b84b", points: { show: true, size: 7 }, width: 0 },
      ],
    };
    return new uPlot(options, data, this.element);
  }
}

function columns(points) {
  return [
    points.map((point) => 100 * point.share),
    points.map((point) => point.loss),
    points.map((point) => point.validation),
  ];
}

function inWords(run) {
  const said = [`${run.label}: ${run.state}`];
  const last = run.points.at(-1);
  if (run.state === "running" && last) said.push(`${(100 * last.share).toFixed(0)} % done`);
  if (run.left_s !== null) said.push(`${Math.ceil(run.left_s / 60)} min left`);
  if (run.said) said.push(run.said);
  return said.join(" · ");
}
