// Drawing a part's picture with its findings marked, sharp at any screen size.

const REJECT = "#ff5d55";
const DARK = "#0b0e11";

/** Where a picture of `sizeHw` lies in a canvas: scale and offset that show it whole. */
function placed(canvas, [height, width]) {
  const scale = Math.min(canvas.width / width, canvas.height / height);
  return {
    scale,
    left: (canvas.width - width * scale) / 2,
    top: (canvas.height - height * scale) / 2,
  };
}

/** From the picture's pixels to the canvas's and, from where a pointer is on the page, back. */
export function pointIn(canvas, sizeHw) {
  const { scale, left, top } = placed(canvas, sizeHw);
  const ratio = canvas.width / canvas.clientWidth;
  return {
    toCanvas: ([x, y]) => [left + x * scale, top + y * scale],
    toPicture: ([x, y]) => [(x * ratio - left) / scale, (y * ratio - top) / scale],
  };
}

/** Give the canvas one pixel for each pixel of the screen. */
function fitToScreen(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return ratio;
}

/** The whole picture; findings in pixels of the camera's picture, which has `sizeHw`. */
export function drawPicture(canvas, bitmap, sizeHw, findings) {
  const ratio = fitToScreen(canvas);
  const context = canvas.getContext("2d");
  const place = placed(canvas, sizeHw);
  const [height, width] = sizeHw;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, place.left, place.top, width * place.scale, height * place.scale);
  for (const finding of [...findings].reverse()) mark(context, place, finding, ratio);
}

/** A box that stands off the finding, so that it does not hide what it shows, and its name. */
function mark(context, place, finding, ratio) {
  const gap = 8 * ratio;
  const [x0, y0, x1, y1] = finding.box_xyxy_px;
  const left = Math.max(2 * ratio, place.left + x0 * place.scale - gap);
  const top = Math.max(2 * ratio, place.top + y0 * place.scale - gap);
  const right = Math.min(context.canvas.width - 2 * ratio, place.left + x1 * place.scale + gap);
  const bottom = Math.min(context.canvas.height - 2 * ratio, place.top + y1 * place.scale + gap);
  for (const [colour, line] of [[DARK, 7], [REJECT, 3.5]]) {
    context.strokeStyle = colour;
    context.lineWidth = line * ratio;
    context.strokeRect(left, top, right - left, bottom - top);
  }
  const said = `${finding.class_name.replaceAll("_", " ")} ${finding.score.toFixed(2)}`;
  name(context, said, left, top, bottom, ratio);
}

function name(context, text, left, top, bottom, ratio) {
  const height = 28 * ratio;
  context.font = `600 ${18 * ratio}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 16 * ratio;
  const x = Math.max(0, Math.min(left - 1.75 * ratio, context.canvas.width - width));
  const above = top - height >= 0;
  const y = above ? top - height : Math.min(bottom, context.canvas.height - height);
  context.fillStyle = REJECT;
  context.fillRect(x, y, width, height);
  context.fillStyle = DARK;
  context.textBaseline = "middle";
  context.fillText(text, x + 8 * ratio, y + height / 2);
}

/** One finding enlarged, with as much around it as it is large, unmarked. */
export function drawCloser(canvas, bitmap, sizeHw, finding) {
  fitToScreen(canvas);
  const context = canvas.getContext("2d");
  const [height, width] = sizeHw;
  const [x0, y0, x1, y1] = finding.box_xyxy_px;
  const wide = canvas.width / canvas.height;
  const side = Math.max(48, 2 * (y1 - y0), (2 * (x1 - x0)) / wide);
  const toBitmap = bitmap.width / width;
  context.fillStyle = DARK;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const left = within((x0 + x1) / 2 - (side * wide) / 2, width - side * wide);
  const top = within((y0 + y1) / 2 - side / 2, height - side);
  context.drawImage(
    bitmap, left * toBitmap, top * toBitmap, side * wide * toBitmap, side * toBitmap,
    0, 0, canvas.width, canvas.height,
  );
}

/** Keep the window in the picture; centre it where it is larger than the picture. */
const within = (start, room) => (room < 0 ? room / 2 : Math.min(Math.max(0, start), room));
