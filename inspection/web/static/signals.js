// The signals of a chart: what was seen, what moved with it, and the buttons to deal with it.

import { post } from "./ask.js";
import { byId, make, percent, timeOfDay } from "./dom.js";
import { guarded, who } from "./page.js";
import { askWords } from "./words.js";

const NEXT = {
  raised: ["acknowledge", "Acknowledge", null],
  acknowledged: ["explain", "Explain", "What was the cause?"],
  explained: ["close", "Close", "What was done about it?"],
};
/** List signals; `onChange(signal)` after an entry, `onLook(signal)` when one is chosen. */
export function listSignals(signals, { onChange, onLook }) {
  const entries = signals.map((signal) => entry(signal, onChange, onLook));
  byId("signals").replaceChildren(...(entries.length ? entries : [make("li", "none", "No signal")]));
  const open = signals.filter((signal) => signal.state !== "closed").length;
  byId("signal-count").textContent = signals.length ? `${open} open of ${signals.length}` : "";
}

/** Process or camera: a heading and its reasons. */
export function diagnosisOf({ origin, heading, reasons }) {
  const box = make("div", "diagnosis");
  box.dataset.origin = origin;
  box.append(make("strong", "", heading));
  const list = make("ul", "");
  list.append(...reasons.map((line) => make("li", "", line)));
  if (reasons.length) box.append(list);
  return box;
}

export function figure(value, signal) {
  if (value === null) return "–";
  return signal.percent ? percent(value, 2) : String(Number(value.toPrecision(4)));
}

function entry(signal, onChange, onLook) {
  const item = make("li", "signal-entry");
  item.dataset.state = signal.state;
  item.dataset.signal = signal.signal_id;
  const head = make("button", "signal-head");
  head.type = "button";
  head.append(
    make("b", "", `◆ ${signal.title}: ${signal.rule}`),
    make("span", "", `${day(signal.at_utc_ms)} · parts ${signal.first_part}–${signal.last_part} · ` +
      `${figure(signal.value, signal)}, ${signal.side}`),
    make("i", "", signal.state),
  );
  head.onclick = () => onLook(signal);
  item.append(head, diagnosisOf(signal.diagnosis));
  for (const [at, step] of signal.plan.entries()) item.append(planStep(signal, at, step, onChange));
  for (const act of signal.acts) {
    const said = act.text ? `: ${act.text}` : "";
    item.append(make("p", "act", `${timeOfDay(act.at_utc_ms)} ${act.act} by ${act.who}${said}`));
  }
  const next = NEXT[signal.state];
  if (next) item.append(nextButton(signal, next, onChange));
  return item;
}

function nextButton(signal, [act, name, question], onChange) {
  const button = make("button", "next", name);
  button.type = "button";
  button.dataset.act = act;
  button.onclick = () => enter(signal, { act }, question, onChange);
  return button;
}

function planStep(signal, at, step, onChange) {
  const line = make("div", "plan-step");
  line.dataset.answered = step.answer === null ? "no" : "yes";
  line.append(make("span", "", `${at + 1}. ${step.do}`));
  if (step.answer !== null) {
    line.append(make("em", "", `✓ ${step.answer.who}: ${step.answer.text}`));
  } else if (signal.state !== "closed") {
    const button = make("button", "answer", "Answer");
    button.type = "button";
    button.onclick = () => enter(signal, { act: "step", step: at }, `${step.do}: what was done?`, onChange);
    line.append(button);
  }
  return line;
}

async function enter(signal, act, question, onChange) {
  const name = await who.known();
  if (name === "") return;
  let text = "";
  if (question !== null) {
    text = await askWords(question, `${signal.title}, ${signal.rule}`);
    if (text === null) return;
  }
  await guarded(async () => {
    const [entered, fault] = await post(`/signals/${signal.signal_id}/acts`, { ...act, who: name, text });
    if (fault !== null) throw new Error(`Not saved: ${fault}`);
    onChange(entered);
  });
}

function day(utcMs) {
  const when = new Date(utcMs);
  const date = `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
  return `${date} ${timeOfDay(utcMs).slice(0, 5)}`;
}

const two = (number) => String(number).padStart(2, "0");
