// What every page but the first has: the clock, who is here, and what went wrong in words.

import { byId, say } from "./dom.js";
import { Who } from "./who.js";

export const who = new Who();

const tick = () => say("clock", new Date().toTimeString().slice(0, 8));
tick();
setInterval(tick, 1000);

/** Say what went wrong above the page, or that nothing does any more (null). */
export function sayFault(text) {
  byId("fault").hidden = text === null;
  say("fault", text ?? "");
}

/** Run this; what it throws is said above the page. */
export async function guarded(work) {
  try {
    const done = await work();
    sayFault(null);
    return done;
  } catch (fault) {
    sayFault(fault.message);
    return null;
  }
}
