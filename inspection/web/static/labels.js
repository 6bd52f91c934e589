// The label queue: one part after the other; outlines are drawn on the picture corner by corner.

import { get, post } from "./ask.js";
import { byId, make, say } from "./dom.js";
import { guarded, who } from "./page.js";
import { drawPicture, pointIn } from "./picture.js";

const OUTLINE = "#ffd24a";

let queue = [];
let classes = [];
let part = null;
let view = null;
let bitmap = null;
let corners = []; // of the outline that is being drawn, in pixels of the picture
let outlines = []; // finished ones, as they are sent

async function load() {
  const found = await get("/labels/queue").finally(() => (byId("loading").hidden = true));
  queue = found.parts;
  classes = found.classes;
  await next();
}

async function next() {
  part = queue.shift() ?? null;
  corners = [];
  outlines = [];
  byId("done").hidden = part !== null;
  for (const panel of document.querySelectorAll(".label-picture, .label-answer")) panel.hidden = part === null;
  if (part === null) return;
  say("left", queue.length ? `${queue.length} more wait` : "the last one");
  say("serial", part.serial);
  say("verdict", part.outcome === "reject" ? `Rejected: ${part.reasons.join(", ")}` : "Passed");
  byId("why").replaceChildren(...part.said.map((said) => make("li", "", said)));
  byId("classes").replaceChildren(...classes.map(classButton));
  listViews();
  await show(part.views[0]);
}

function listViews() {
  byId("views").hidden = part.views.length < 2;
  const buttons = part.views.map((one) => {
    const button = make("button", "view", one.view);
    button.type = "button";
    button.onclick = () => guarded(() => show(one));
    return button;
  });
  byId("views").replaceChildren(...buttons);
}

async function show(wanted) {
  view = wanted;
  corners = [];
  const answer = await fetch(view.picture);
  if (!answer.ok) throw new Error((await answer.json()).detail);
  bitmap?.close();
  bitmap = await createImageBitmap(await answer.blob());
  byId("picture").dataset.part = part.part_number;
  draw();
}

function classButton(name) {
  const button = make("button", "", name.replaceAll("_", " "));
  button.type = "button";
  button.dataset.class = name;
  button.onclick = () => finish(name);
  return button;
}

/** The outline that was drawn is a defect of this class. */
function finish(name) {
  if (corners.length < 3 || name === "") return;
  outlines.push({ class_name: name, view: view.view, polygon_xy_px: corners });
  corners = [];
  byId("class-name").value = "";
  draw();
}

function draw() {
  const canvas = byId("picture");
  if (bitmap === null || part === null) return;
  drawPicture(canvas, bitmap, [bitmap.height, bitmap.width], view.findings);
  for (const one of outlines.filter((each) => each.view === view.view)) trace(canvas, one.polygon_xy_px, true);
  trace(canvas, corners, false);
  const said = outlines.map((one) => make("li", "", `${one.class_name.replaceAll("_", " ")} in ${one.view}`));
  byId("outlines").replaceChildren(...said);
  for (const button of byId("classes").children) button.disabled = corners.length < 3;
  byId("undo").disabled = corners.length + outlines.length === 0;
  byId("good").disabled = corners.length + outlines.length > 0;
  byId("bad").disabled = corners.length > 0 || outlines.length === 0;
}

function trace(canvas, points, closed) {
  const context = canvas.getContext("2d");
  const place = pointIn(canvas, [bitmap.height, bitmap.width]);
  const ratio = window.devicePixelRatio || 1;
  context.strokeStyle = context.fillStyle = OUTLINE;
  context.lineWidth = 2.5 * ratio;
  context.beginPath();
  for (const point of points) context.lineTo(...place.toCanvas(point));
  if (closed) context.closePath();
  context.stroke();
  for (const point of points) {
    const [x, y] = place.toCanvas(point);
    context.fillRect(x - 3 * ratio, y - 3 * ratio, 6 * ratio, 6 * ratio);
  }
}

function tap(event) {
  if (bitmap === null) return;
  const place = pointIn(byId("picture"), [bitmap.height, bitmap.width]);
  corners.push(place.toPicture([event.offsetX, event.offsetY]));
  draw();
}

function undo() {
  if (corners.length) corners.pop();
  else outlines.pop();
  draw();
}

async function answer(drawn) {
  if ((await who.known()) === "") return;
  byId("good").disabled = byId("bad").disabled = true;
  await guarded(async () => {
    const entry = { part_number: part.part_number, outlines: drawn, who: who.name };
    const [, fault] = await post("/labels", entry);
    if (fault !== null) {
      draw();
      throw new Error(`Not saved: ${fault}`);
    }
    await next();
  });
}

byId("picture").onclick = tap;
byId("undo").onclick = undo;
byId("skip").onclick = () => guarded(next);
byId("good").onclick = () => answer([]);
byId("bad").onclick = () => answer(outlines);
byId("class-name").onchange = (event) => finish(event.target.value.trim());
new ResizeObserver(draw).observe(byId("picture"));
await guarded(load);
