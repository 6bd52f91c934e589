// Pictures with their figures, over one WebSocket; what comes faster than it is shown is skipped.

import { unpack } from "/web/live.js";

const RETRY_MS = 1000;
const SILENT_AFTER_MS = 5000;

/**
 * Listen until the page goes. `onNews(said, bitmap)` for each message, with `bitmap` null where
 * there is no picture; `onSilence()` when nothing has come for a while.
 */
export function listen({ onNews, onSilence }) {
  let newest = null;
  let busy = false;
  let heardAt = performance.now();

  const showNewest = async () => {
    if (busy) return;
    busy = true;
    while (newest !== null) {
      const { said, jpeg } = unpack(newest);
      newest = null;
      const blob = new Blob([jpeg], { type: "image/jpeg" });
      const bitmap = jpeg.length ? await createImageBitmap(blob) : null;
      onNews(said, bitmap);
      bitmap?.close();
    }
    busy = false;
  };
  const open = () => {
    const socket = new WebSocket(`ws://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => {
      heardAt = performance.now();
      newest = event.data;
      showNewest();
    };
    socket.onclose = () => setTimeout(open, RETRY_MS);
  };
  open();
  setInterval(() => {
    if (performance.now() - heardAt > SILENT_AFTER_MS) onSilence();
  }, 500);
}

/** Post to the station; gives its answer, or throws what it says is wrong. */
export async function post(path, body = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}
