// The small pictures beside the figures: histogram, focus over time, light by place.

const SOFT = "#a3b0bc";
const TEXT = "#eef2f5";
const EDGE = "#2c363f";
const PASS = "#4cc38a";
const SATURATED = "#ff00ff";

/** Give the canvas one pixel for each pixel of the screen, and clear it. */
function fresh(canvas) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  return canvas.getContext("2d");
}

/** The whole picture, as large as it fits. */
export function drawWhole(canvas, bitmap) {
  const context = fresh(canvas);
  const scale = Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const width = bitmap.width * scale;
  const height = bitmap.height * scale;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}

/** Bars from dark to full scale, the square roots of the counts; magenta where it saturates. */
export function drawHistogram(canvas, counts, isSaturated) {
  const context = fresh(canvas);
  const highest = Math.sqrt(Math.max(1, ...counts));
  const width = canvas.width / counts.length;
  counts.forEach((count, place) => {
    const height = (Math.sqrt(count) / highest) * canvas.height;
    const isLast = place === counts.length - 1;
    context.fillStyle = isLast && isSaturated ? SATURATED : SOFT;
    context.fillRect(place * width, canvas.height - height, Math.max(1, width - 1), height);
  });
  context.fillStyle = EDGE;
  context.fillRect(0, canvas.height - 1, canvas.width, 1);
}

/** The values of the last `spanMs`, newest at the right, with the best as a line. */
export function drawHistory(canvas, history, best, spanMs) {
  const context = fresh(canvas);
  const top = best * 1.05 || 1;
  const now = history.at(-1).atMs;
  const y = (value) => canvas.height * (1 - value / top);
  context.strokeStyle = PASS;
  context.setLineDash([8, 6]);
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(0, y(best));
  context.lineTo(canvas.width, y(best));
  context.stroke();
  context.setLineDash([]);
  context.strokeStyle = TEXT;
  context.lineWidth = 3;
  context.beginPath();
  for (const { atMs, value } of history) {
    context.lineTo(canvas.width * (1 - (now - atMs) / spanMs), y(value));
  }
  context.stroke();
}

/** Light by place: white is the brightest, black has none. */
export function drawPlaces(canvas, places) {
  const context = fresh(canvas);
  const side = [canvas.width / places[0].length, canvas.height / places.length];
  places.forEach((line, y) =>
    line.forEach((value, x) => {
      const grey = Math.round(255 * value);
      context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
      context.fillRect(x * side[0], y * side[1], Math.ceil(side[0]), Math.ceil(side[1]));
    }),
  );
}
