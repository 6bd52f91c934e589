// Judging the parts of a study: the picture, two buttons, nothing that gives the answer away.

import { get, post } from "./ask.js";
import { byId, make, say } from "./dom.js";
import { guarded, who } from "./page.js";

const SETTLE_MS = 500; // a tap so soon after another picture came was meant for the one before
const KEYS = { g: false, ArrowLeft: false, b: true, ArrowRight: true };

const study = document.body.dataset.study;
let question = null;

async function next() {
  ready(false);
  question = null;
  const asked = await get(`/study/${study}/next?${new URLSearchParams({ who: who.name })}`);
  if (asked.part === null) return finish(asked.ended);
  say("progress", `Part ${asked.asked + 1} of ${asked.of} · round ${asked.trial} of ${asked.trials}`);
  byId("progress-bar").value = asked.asked / asked.of;
  if (!(await show(asked.part.pictures))) return;
  question = asked;
  byId("pictures").dataset.part = asked.part.part_number;
  setTimeout(() => ready(question === asked), SETTLE_MS);
}

async function show(paths) {
  const images = paths.map((path) => {
    const image = document.createElement("img");
    image.src = path;
    image.alt = "The part to judge";
    return image;
  });
  await Promise.all(images.map((image) => image.decode()));
  const gone = make("p", "", "No picture of this part is kept any more: it cannot be judged");
  byId("pictures").replaceChildren(...(images.length ? images : [gone]));
  return images.length > 0;
}

function ready(is) {
  byId("good").disabled = byId("bad").disabled = !is;
}

function finish(ended) {
  byId("pictures").hidden = byId("decide").hidden = true;
  byId("done").hidden = false;
  say("done-head", ended ? "This study has ended" : "All parts judged");
  say("progress", "");
  byId("progress-bar").value = 1;
}

async function judge(bad) {
  if (question === null || byId("good").disabled) return;
  const { part, trial } = question;
  ready(false);
  await guarded(async () => {
    const call = { who: who.name, trial, part_number: part.part_number, bad };
    const [, fault] = await post(`/study/${study}/calls`, call);
    if (fault !== null) {
      ready(true);
      throw new Error(`Not saved: ${fault}`);
    }
    await next();
  });
}

byId("good").onclick = () => judge(false);
byId("bad").onclick = () => judge(true);
document.addEventListener("keydown", (event) => {
  if (event.repeat || document.querySelector("dialog[open]") || !(event.key in KEYS)) return;
  event.preventDefault();
  judge(KEYS[event.key]);
});
byId("operator").addEventListener("click", () => {
  byId("who").addEventListener("close", () => guarded(next), { once: true });
});

await who.ask(); // whoever judges now says so, even where another name is remembered
if (who.name === "") location.href = "/study";
else await guarded(next);
