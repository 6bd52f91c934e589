// The station's news by server-sent events, and the knowledge of whether the station still speaks.

const SILENT_AFTER_MS = 1400; // the server beats twice a second; said within 2 s when it does not
const LOOK_EVERY_MS = 200;
const REOPEN_EVERY_MS = 1000;

/**
 * Listen until the page goes. `onState(state)` for news, `onBeat(nowUtcMs)` twice a second,
 * `onLink(up)` when the server falls silent and when it is back.
 */
export function listen({ onState, onBeat, onLink }) {
  let source = null;
  let heardAt = performance.now();
  let openedAt = 0;
  let up = null;

  const link = (isUp) => {
    if (isUp !== up) onLink((up = isUp));
  };
  const heard = () => {
    heardAt = performance.now();
    link(true);
  };
  const open = () => {
    source?.close();
    openedAt = performance.now();
    source = new EventSource("/events");
    source.addEventListener("state", (event) => {
      heard();
      onState(JSON.parse(event.data));
    });
    source.addEventListener("beat", (event) => {
      heard();
      onBeat(Number(event.data));
    });
    source.onerror = () => link(false); // the connection broke: a server that died, not one that hangs
  };
  const look = () => {
    const now = performance.now();
    if (now - heardAt < SILENT_AFTER_MS) return;
    link(false);
    // A browser's own retry gives up on some answers, and waits for a frozen server for ever.
    if (now - openedAt > REOPEN_EVERY_MS) open();
  };
  open();
  setInterval(look, LOOK_EVERY_MS);
}
