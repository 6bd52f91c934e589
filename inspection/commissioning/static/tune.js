// The commissioning page: what each picture says of lens, light, mechanics and link.

import { byId, percent, say } from "/web/dom.js";
import { makeControls } from "./controls.js";
import { drawHistogram, drawHistory, drawPlaces, drawWhole } from "./plots.js";
import { listen } from "./stream.js";

const HISTORY_MS = 60_000;
const GOOD = { focus: 0.9, dark: 0.1, saturated: 0.001, even: 0.8, motion_px: 2, jitter: 0.1 };

let sharpness = [];
const showControls = makeControls();

listen({
  onNews(said, bitmap) {
    fault(said.fault);
    if (said.settings) showControls(said.settings);
    if (bitmap === null) return;
    const canvas = byId("live");
    drawWhole(canvas, bitmap);
    show(said);
    canvas.dataset.pictures = said.pictures;
  },
  onSilence() {
    fault("Passline does not answer: is the command still running?");
  },
});

function fault(text) {
  byId("banner").hidden = !text;
  document.body.dataset.fault = text ? "yes" : "no";
  if (text) say("banner-text", text);
}

function show(said) {
  say("about", `${said.camera} · ${said.size_hw[1]} × ${said.size_hw[0]} · ${said.pixel_format}`);
  drawHistogram(byId("histogram"), said.histogram, said.health.saturated > 0);
  showFocus(said.health.sharpness, said.best_sharpness);
  showLight(said.health);
  showEvenness(said.evenness, said.has_reference);
  showMotion(said.blur);
  showPace(said.pace, said.lost);
}

/** A figure, and a word that says whether it is good: colour alone says nothing. */
function figure(id, text, isGood, word) {
  say(`${id}-figure`, text);
  say(`${id}-word`, word);
  byId(id).dataset.state = isGood ? "good" : "change";
}

function showFocus(now, best) {
  const atMs = performance.now();
  sharpness.push({ atMs, value: now });
  sharpness = sharpness.filter((one) => atMs - one.atMs <= HISTORY_MS);
  const share = best > 0 ? now / best : 0;
  const isGood = share >= GOOD.focus;
  figure("focus", percent(share, 0), isGood, isGood ? "sharp" : "turn back");
  drawHistory(byId("focus-history"), sharpness, best, HISTORY_MS);
}

function showLight({ brightness, saturated }) {
  const isDark = brightness < GOOD.dark;
  const isBright = saturated > GOOD.saturated;
  const word = isBright ? "saturated" : isDark ? "too dark" : "good";
  figure("light", percent(brightness, 0), !isDark && !isBright, word);
  say("light-saturated", `${percent(saturated, 2)} saturated`);
}

function showEvenness({ lowest, places }, hasReference) {
  const isGood = lowest >= GOOD.even;
  figure("even", percent(lowest, 0), isGood, isGood ? "even" : "uneven");
  say("even-against", hasReference ? "against the reference" : "of a white sheet");
  drawPlaces(byId("even-map"), places);
}

function showMotion({ across, down, motion }) {
  const px = (width) => (width === null ? "no" : width.toFixed(1));
  say("motion-edges", `edges ${px(across)} px across, ${px(down)} down`);
  if (across === null || down === null) {
    figure("motion", "–", false, "needs edges both ways");
    return;
  }
  const isGood = motion <= GOOD.motion_px;
  figure("motion", `${motion.toFixed(1)} px`, isGood, isGood ? "still" : "shorter exposure");
}

function showPace(pace, lost) {
  if (pace === null) return;
  const isSteady = pace.jitter_ms <= (GOOD.jitter * 1000) / pace.rate_hz;
  const word = lost ? `${lost} lost` : isSteady ? "none lost" : "unsteady";
  figure("pace", `${pace.rate_hz.toFixed(1)} Hz`, !lost && isSteady, word);
  say("pace-jitter", `jitter ${pace.jitter_ms.toFixed(1)} ms, longest ${pace.longest_ms.toFixed(0)} ms`);
}
