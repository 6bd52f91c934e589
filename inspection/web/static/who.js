// Who is at the screen: asked once, remembered by this browser, on record with every entry.

import { byId, make, say } from "./dom.js";

const NAMES_KEPT = 6;

export class Who {
  constructor() {
    this.names = JSON.parse(localStorage.getItem("passline.names") ?? "[]");
    this.name = localStorage.getItem("passline.who") ?? "";
    byId("operator").onclick = () => this.ask();
    const dialog = byId("who");
    dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
    this.#show();
  }

  /** The name, asked for when it is not known; "" where none was given. */
  async known() {
    if (this.name === "") await this.ask();
    return this.name;
  }

  /** Ask for the name, whoever was here before. */
  ask() {
    const dialog = byId("who");
    const field = byId("name");
    field.value = "";
    byId("known-names").replaceChildren(
      ...this.names.map((name) => {
        const button = make("button", "", name);
        button.type = "button";
        button.onclick = () => {
          this.#remember(name);
          dialog.close();
        };
        return button;
      }),
    );
    byId("name-done").onclick = () => this.#remember(field.value.trim());
    return new Promise((resolve) => {
      dialog.onclose = resolve;
      dialog.showModal();
      field.focus();
    });
  }

  #remember(name) {
    if (name === "") return;
    this.name = name;
    this.names = [name, ...this.names.filter((one) => one !== name)].slice(0, NAMES_KEPT);
    localStorage.setItem("passline.who", name);
    localStorage.setItem("passline.names", JSON.stringify(this.names));
    this.#show();
  }

  #show() {
    say("operator", this.name || "Who is here?");
  }
}
