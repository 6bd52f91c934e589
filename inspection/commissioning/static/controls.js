// Exposure, gain and frame rate by large buttons; what is shown is what the camera reads back.

import { byId, make, say, whenChanged } from "/web/dom.js";
import { post } from "./stream.js";

const NAMES = {
  ExposureTime: "Exposure",
  ExposureTimeAbs: "Exposure",
  Gain: "Gain",
  AcquisitionFrameRate: "Frame rate",
};
const FACTOR = 1.1;
const GAIN_STEP_DB = 0.5;

/** Build the controls from the camera's settings; returns a function that shows newer ones. */
export function makeControls() {
  const show = whenChanged((settings) => {
    const focused = document.activeElement?.id;
    byId("controls").replaceChildren(...settings.map(control));
    if (focused) byId(focused)?.focus();
  });
  byId("auto-exposure").addEventListener("click", () => act(byId("auto-exposure"), autoExposure));
  byId("start-over").addEventListener("click", () =>
    act(byId("start-over"), () => post("/start-over").then(() => "Focus and losses start over")),
  );
  return show;
}

function control(setting) {
  const row = make("div", "control");
  const value = make("p", "");
  value.append(make("b", "", shown(setting)), make("span", "", NAMES[setting.name]));
  value.firstChild.id = `value-${setting.name}`;
  row.append(button(setting, -1), value, button(setting, 1));
  return row;
}

function button(setting, way) {
  const made = make("button", "", way > 0 ? "+" : "−");
  made.type = "button";
  made.id = `${way > 0 ? "more" : "less"}-${setting.name}`;
  made.ariaLabel = `${way > 0 ? "More" : "Less"} ${NAMES[setting.name]}`;
  made.disabled = !setting.settable;
  made.addEventListener("click", () =>
    act(made, async () => {
      const body = { name: setting.name, value: moved(setting, way) };
      const settings = await post("/settings", body);
      const now = settings.find((one) => one.name === setting.name);
      return `${now.name} = ${now.value.toPrecision(6)}`;
    }),
  );
  return made;
}

function moved({ name, value, minimum, maximum }, way) {
  const next = name === "Gain" ? value + way * GAIN_STEP_DB : value * FACTOR ** way;
  return Math.min(Math.max(next, minimum), maximum);
}

function shown({ value, unit }) {
  return `${value >= 100 ? Math.round(value) : Number(value.toFixed(2))} ${unit === "us" ? "µs" : unit}`;
}

async function autoExposure() {
  const found = await post("/auto-exposure");
  const said = `ExposureTime = ${found.exposure_us.toFixed(1)}, Gain = ${found.gain_db.toFixed(2)}`;
  if (found.why_not) throw new Error(`${said}: ${found.why_not}`);
  return said;
}

/** One act at a time; what came of it stays in words. */
async function act(pressed, does) {
  pressed.disabled = true;
  say("answer", "…");
  try {
    say("answer", await does());
    byId("answer").dataset.state = "done";
  } catch (fault) {
    say("answer", fault.message);
    byId("answer").dataset.state = "refused";
  }
  pressed.disabled = false;
}
