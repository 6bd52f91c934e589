// The live picture: JPEG frames over a WebSocket onto one canvas.
// (Swapping the source of an <img> grows a browser by hundreds of megabytes over a shift.)

import { byId, say } from "./dom.js";
import { drawPicture } from "./picture.js";

const RETRY_MS = 1000;
const STALE_AFTER_MS = 4000;
const PREFIX_BYTES = 8;

/**
 * Show live pictures while the page is seen and the server is there; a hidden page asks for none.
 * Returns a function that takes whether the server is there.
 */
export function watchLive() {
  const canvas = byId("live");
  let socket = null;
  let served = false;
  let newest = null;
  let drawing = false;
  let drawnAt = -Infinity;

  const open = () => {
    if (socket !== null || !served || document.hidden) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => {
      newest = event.data;
      drawNewest();
    };
    socket.onclose = () => {
      socket = null;
      setTimeout(open, RETRY_MS);
    };
  };

  // One frame in hand and at most one waiting: what comes faster than it is drawn is skipped.
  const drawNewest = async () => {
    if (drawing) return;
    drawing = true;
    while (newest !== null) {
      const packed = newest;
      newest = null;
      try {
        await draw(canvas, packed);
        drawnAt = performance.now();
      } catch (fault) {
        if (!(fault instanceof DOMException)) throw fault; // DOMException: a torn picture
      }
    }
    drawing = false;
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) socket?.close();
    else open();
  });
  setInterval(() => {
    const stale = performance.now() - drawnAt > STALE_AFTER_MS;
    byId("live-hint").hidden = !stale;
    canvas.classList.toggle("stale", stale);
  }, 500);
  return (isServed) => {
    served = isServed;
    open();
  };
}

async function draw(canvas, packed) {
  const { said, jpeg } = unpack(packed);
  const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  drawPicture(canvas, bitmap, said.size_hw, said.outcome === "reject" ? said.findings : []);
  bitmap.close();
  canvas.dataset.frames = Number(canvas.dataset.frames ?? 0) + 1;
  canvas.dataset.part = said.part_number;
  say("live-serial", said.serial);
  say("live-outcome", said.outcome.toUpperCase());
  byId("live-outcome").dataset.outcome = said.outcome;
}

/** As inspection/live.py packs it: magic, header length, JSON header, JPEG. */
export function unpack(packed) {
  const length = new DataView(packed).getUint32(4);
  const header = new Uint8Array(packed, PREFIX_BYTES, length);
  return {
    said: JSON.parse(new TextDecoder().decode(header)),
    jpeg: new Uint8Array(packed, PREFIX_BYTES + length),
  };
}
