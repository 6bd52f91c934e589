// Confirm or overrule: one tap, or two; never about a part that came into view under the finger.

import { post } from "./ask.js";
import { byId, say } from "./dom.js";
import { Who } from "./who.js";

const SETTLE_MS = 700; // a tap so soon after another part came into view is meant for the old one

export class ReviewDesk {
  constructor(view) {
    this.view = view;
    this.part = null;
    this.settling = null;
    this.allowed = false;
    this.sending = false;
    this.fault = null;
    this.who = new Who();
    byId("confirm").onclick = () => this.#confirm();
    byId("overrule").onclick = () => this.#overrule();
    const reasons = byId("reasons");
    reasons.querySelector("[data-cancel]").onclick = () => reasons.close();
    // A bar code scanner types and ends with Enter, which would press a button that has focus.
    document.addEventListener("click", (event) => event.target.closest?.("main button")?.blur());
  }

  /** Another part is in view, or there is news of the one in view. */
  show(part) {
    if (part?.part_number !== this.part?.part_number) {
      this.fault = null;
      clearTimeout(this.settling);
      this.settling = setTimeout(() => {
        this.settling = null;
        this.#update();
      }, SETTLE_MS);
    }
    this.part = part;
    this.#update();
  }

  /** Reviews can be sent now, or cannot. */
  allow(allowed) {
    this.allowed = allowed;
    this.#update();
  }

  #update() {
    const busy = this.sending || this.settling !== null;
    const ready = this.allowed && this.part !== null && !busy;
    const review = this.part?.review ?? null;
    byId("confirm").disabled = byId("overrule").disabled = !ready;
    byId("confirm").setAttribute("aria-pressed", String(review?.agrees === true));
    byId("overrule").setAttribute("aria-pressed", String(review?.agrees === false));
    const state = byId("review-state");
    state.dataset.review = this.fault ? "fault" : stand(review);
    if (this.sending) say("review-state", "Saving …");
    else if (this.fault) say("review-state", `Not saved: ${this.fault}`);
    else if (review === null) say("review-state", this.part === null ? "" : "Not reviewed yet");
    else if (review.agrees) say("review-state", `✓ Confirmed by ${review.who}`);
    else say("review-state", `↺ Overruled by ${review.who}: ${review.reason}`);
  }

  async #confirm() {
    const part = this.#hold();
    if (await this.who.known()) await this.#send(part, true, "");
    this.view.release({ follow: true });
  }

  async #overrule() {
    const part = this.#hold();
    const reason = (await this.who.known()) ? await this.#askReason(part) : null;
    if (reason !== null) await this.#send(part, false, reason);
    this.view.release({ follow: true });
  }

  /** The part that is decided on stays in view until the decision is made. */
  #hold() {
    this.view.hold(this.part);
    return this.part;
  }

  async #send(part, agrees, reason) {
    this.sending = true;
    this.#update();
    const who = this.who.name;
    const review = { part_number: part.part_number, agrees, reason, who };
    [, this.fault] = await post("/reviews", review);
    this.sending = false;
    if (this.fault === null) part.review = { agrees, reason, who };
    this.#update();
  }

  #askReason(part) {
    const dialog = byId("reasons");
    say("reasons-part", `${part.serial} · ${part.reasons.join(", ")}`);
    return new Promise((resolve) => {
      let reason = null;
      for (const button of dialog.querySelectorAll("[data-reason]")) {
        button.onclick = () => {
          reason = button.dataset.reason;
          dialog.close();
        };
      }
      dialog.onclose = () => resolve(reason);
      dialog.showModal();
    });
  }
}

/** How a reject stands: open, or confirmed yes or no. */
export const stand = (review) => (review === null ? "open" : review.agrees ? "yes" : "no");
