// Small words for the page: elements by id, text that is always text, figures as people read them.

export const byId = (id) => document.getElementById(id);

/** Show a text; whatever it holds is shown, never interpreted. */
export function say(id, text) {
  const element = byId(id);
  const said = String(text);
  if (element.textContent !== said) element.textContent = said;
}

/** A new element with a class and a text. */
export function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Do not rebuild what did not change: calls `draw` only for a new value. */
export function whenChanged(draw) {
  let last;
  return (value, ...rest) => {
    const now = JSON.stringify(value);
    if (now === last) return;
    last = now;
    draw(value, ...rest);
  };
}

export const count = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");

export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;

/** Time of day of a moment in milliseconds since 1970, on this screen's clock. */
export const timeOfDay = (utcMs) => new Date(utcMs).toTimeString().slice(0, 8);

/** How long ago, in one unit. */
export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
