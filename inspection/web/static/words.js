// A dialog that asks for a sentence.

import { byId, say } from "./dom.js";

/** Ask for words; null when nothing is to change. */
export function askWords(head, about) {
  const dialog = byId("words");
  const field = byId("words-text");
  say("words-head", head);
  say("words-about", about);
  field.value = "";
  return new Promise((resolve) => {
    let said = null;
    byId("words-done").onclick = () => (said = field.value.trim() || null);
    dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
    dialog.onclose = () => resolve(said);
    dialog.showModal();
    field.focus();
  });
}
