// The model desk: answers to disagreements, and a look now and then whether anything has changed.

import { get, post } from "./ask.js";
import { LearningCurve } from "./learning-curve.js";
import { guarded, sayFault, who } from "./page.js";

const LOOK_EVERY_MS = 5000;
const REASON = { good: "good part", bad: "bad part" };

let shown = null;
let answering = false;

const place = document.querySelector("#curve");
const curve = place && new LearningCurve(place, document.querySelector("#run"));

async function look() {
  if (answering || document.hidden) return;
  const state = await guarded(() => get("/models/state"));
  if (state === null) return;
  const { training, ...rest } = state;
  const now = JSON.stringify({ ...rest, trained: training?.label });
  if (shown !== null && now !== shown) location.reload();
  shown = now;
  if (curve && training) curve.show(training);
}

/** Enter who was right: the champion's verdict is confirmed or overruled. */
async function answer(candidate, truth) {
  answering = true;
  const name = await who.known();
  if (name) {
    const passed = candidate.dataset.champion === "pass";
    const agrees = passed === (truth === "good");
    const part = Number(candidate.dataset.part);
    const entry = { part_number: part, agrees, reason: agrees ? "" : REASON[truth], who: name };
    const [, fault] = await post("/reviews", entry);
    sayFault(fault);
    if (fault === null) candidate.remove();
  }
  answering = false;
}

for (const candidate of document.querySelectorAll("#disagreements .candidate")) {
  for (const button of candidate.querySelectorAll("button")) {
    button.onclick = () => answer(candidate, button.dataset.truth);
  }
}
look();
setInterval(look, LOOK_EVERY_MS);
