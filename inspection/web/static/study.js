// Agreement studies: the list, and the desk where one is laid out.

import { get, post } from "./ask.js";
import { byId, make, say } from "./dom.js";
import { guarded, who } from "./page.js";

const TRUTHS = [null, "bad", "good"];
const truth = new Map();

async function list() {
  const { studies } = await get("/study/list");
  const entries = studies.map(studyEntry);
  byId("studies").replaceChildren(...(entries.length ? entries : [make("li", "none", "No study yet")]));
}

function studyEntry(study) {
  const item = make("li", "study-entry");
  item.dataset.study = study.study_id;
  const each = study.parts * study.trials;
  const who = Object.entries(study.appraisers).map(([name, made]) => `${name} ${made} of ${each}`);
  const begun = new Date(study.begun_utc_ms).toLocaleDateString("sv");
  const state = study.ended_utc_ms === null ? "running" : "ended";
  const about = make("div", "");
  about.append(
    make("b", "", study.title),
    make("span", "", `${begun} by ${study.who} · ${study.parts} parts, ${study.bad} bad · ${study.trials} trials · ${state}`),
    make("span", "", who.join(", ") || "nobody has judged yet"),
  );
  item.append(about, link("Result", `/study/${study.study_id}/result`));
  if (study.ended_utc_ms === null) item.append(link("Judge parts", `/study/${study.study_id}`));
  return item;
}

function link(text, href) {
  const anchor = make("a", "button", text);
  anchor.href = href;
  return anchor;
}

async function layOut() {
  byId("layout").hidden = false;
  const { parts } = await get("/study/candidates");
  for (const part of parts) truth.set(part.part_number, part.truth);
  const entries = parts.map(candidate);
  byId("candidates").replaceChildren(
    ...(entries.length ? entries : [make("li", "none", "No pictures are kept here yet")]),
  );
  byId("layout").scrollIntoView();
  tally();
}

function candidate(part) {
  const button = make("button", "candidate");
  button.type = "button";
  button.dataset.part = part.part_number;
  const image = document.createElement("img");
  image.loading = "lazy";
  image.src = part.pictures[0];
  image.alt = `Part ${part.serial}`;
  const word = make("b", "");
  const show = () => {
    const told = truth.get(part.part_number);
    button.dataset.truth = told ?? "none";
    word.textContent = { bad: "✕ bad", good: "✓ good" }[told] ?? "not in the study";
  };
  button.onclick = () => {
    const now = TRUTHS.indexOf(truth.get(part.part_number));
    truth.set(part.part_number, TRUTHS[(now + 1) % TRUTHS.length]);
    show();
    tally();
  };
  show();
  button.append(image, word, make("span", "", part.serial));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

const told = (what) => [...truth].filter(([, said]) => said === what).map(([number]) => number);

function tally() {
  const [bad, good] = [told("bad").length, told("good").length];
  say("layout-count", `${bad} bad, ${good} good`);
  byId("begin").disabled = bad === 0 || good === 0 || byId("study-title").value.trim() === "";
}

async function begin() {
  const name = await who.known();
  if (name === "") return;
  await guarded(async () => {
    const [made, fault] = await post("/study", {
      title: byId("study-title").value.trim(),
      trials: Number(byId("study-trials").value),
      bad: told("bad"),
      good: told("good"),
      who: name,
    });
    if (fault !== null) throw new Error(`Not begun: ${fault}`);
    location.href = `/study/${made.study_id}`;
  });
}

byId("new").onclick = () => guarded(layOut);
byId("begin").onclick = begin;
byId("study-title").oninput = tally;
await guarded(list);
