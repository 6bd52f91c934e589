// The reject in view: the newest one, unless the operator is busy with another. Each stays for as
// long as a decision takes, however fast they come; those that were passed over wait in the list.

import { byId, make, say, timeOfDay, whenChanged } from "./dom.js";
import { drawCloser, drawPicture } from "./picture.js";
import { stand } from "./review.js";

const BACK_TO_NEWEST_MS = 30000;
const STAYS_MS = 3000;
const STANDS = { open: "to review", yes: "✓ confirmed", no: "↺ overruled" };

export class RejectView {
  /** `onShown(part)` is called when another part, or news of the same one, comes into view. */
  constructor(onShown) {
    this.onShown = onShown;
    this.rejects = [];
    this.chosen = null; // part number the operator picked, null to follow the newest
    this.held = null; // part being decided on: it stays whatever comes
    this.part = null;
    this.view = null; // of the part's views the one in the picture: the worst, unless another was picked
    this.shownAt = -Infinity;
    this.bitmap = null;
    this.drawList = whenChanged((rejects, shown) => this.#list(rejects, shown));
    this.showPart = whenChanged((part) => this.#show(part));
    const redraw = new ResizeObserver(() => this.#draw());
    redraw.observe(byId("reject-picture"));
    redraw.observe(byId("closer"));
  }

  take(rejects) {
    this.rejects = rejects;
    this.#choose();
  }

  /** Keep this part in view while it is decided on; `release` lets the newest come again. */
  hold(part) {
    this.held = part;
  }

  release({ follow }) {
    this.held = null;
    if (follow) this.chosen = null;
    this.#choose();
  }

  #pick(partNumber) {
    this.chosen = partNumber === this.rejects[0]?.part_number ? null : partNumber;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.held === null) this.release({ follow: true });
    }, BACK_TO_NEWEST_MS);
    this.#choose();
  }

  #choose() {
    const stays = this.held ?? (this.chosen === null ? this.#staying() : null);
    const wanted = stays?.part_number ?? this.chosen;
    const known = this.rejects.find((part) => part.part_number === wanted);
    const part = known ?? stays ?? this.rejects[0] ?? null;
    this.showPart(part);
    this.drawList([this.rejects, part?.part_number], part?.part_number);
  }

  /** The part in view while it is too new and not reviewed, else null. */
  #staying() {
    const left = this.shownAt + STAYS_MS - performance.now();
    if (this.part === null || this.part.review !== null || left <= 0) return null;
    clearTimeout(this.staying);
    this.staying = setTimeout(() => this.#choose(), left);
    return this.part;
  }

  #show(part) {
    const another = part?.part_number !== this.part?.part_number;
    if (another) this.shownAt = performance.now();
    const before = this.view?.picture;
    this.part = part;
    const same = another ? undefined : part?.views.find((one) => one.view === this.view?.view);
    this.view = same ?? part?.views[0] ?? null;
    if (part !== null) this.#say(part);
    if (another || this.view?.picture !== before) this.#load();
    this.onShown(part);
  }

  #showView(view) {
    this.view = view;
    this.#say(this.part);
    this.#load();
  }

  #say(part) {
    const [what, ...also] = part.reasons;
    say("reject-tag", part.inspected ? "Reject" : "Reject · not inspected");
    say("reject-what", what ?? "no reason on record");
    const more = [also.length ? `also ${also.join(", ")}` : "", part.fusion].filter(Boolean);
    say("reject-also", more.length ? more.join(" · ") : part.inspected ? "" : part.detail);
    say("reject-serial", part.serial);
    say("reject-score", part.inspected && part.score !== null ? part.score.toFixed(2) : "–");
    say("reject-time", timeOfDay(part.captured_utc_ms));
    this.#listViews(part);
    const marked = this.view.findings.map((one) => `${one.class_name} ${one.score.toFixed(2)}`);
    byId("reject-picture").setAttribute(
      "aria-label", `Part ${part.serial}: ${marked.join(", ") || "nothing marked"}`,
    );
  }

  /** The part's other views, one tap away, where it has several. */
  #listViews(part) {
    const several = part.views.length > 1;
    byId("reject-views").hidden = !several;
    const entries = (several ? part.views : []).map((view) => {
      const score = part.fusion && view.score !== null ? ` ${view.score.toFixed(2)}` : "";
      const entry = make("button", "view", view.view + score);
      entry.type = "button";
      entry.dataset.view = view.view;
      entry.setAttribute("aria-pressed", view === this.view);
      entry.onclick = () => this.#showView(view);
      return entry;
    });
    byId("reject-views").replaceChildren(...entries);
  }

  async #load() {
    const wanted = this.view?.picture ?? null;
    this.#keep(null);
    this.#hint(this.part === null || wanted !== null ? "" : "No picture was kept of this part");
    if (wanted === null) return;
    try {
      const answer = await fetch(wanted);
      if (!answer.ok) throw new Error((await answer.json()).detail);
      const bitmap = await createImageBitmap(await answer.blob());
      if (this.view?.picture === wanted) this.#keep(bitmap);
      else bitmap.close();
    } catch (fault) {
      if (this.view?.picture === wanted) this.#hint(`No picture: ${fault.message}`);
    }
  }

  #keep(bitmap) {
    this.bitmap?.close();
    this.bitmap = bitmap;
    this.#draw();
  }

  #hint(text) {
    say("no-picture", text);
    byId("no-picture").hidden = text === "";
  }

  #draw() {
    const canvas = byId("reject-picture");
    const closer = byId("closer");
    const worst = this.view?.findings[0];
    const drawable = this.bitmap !== null;
    closer.hidden = !drawable || worst === undefined;
    canvas.dataset.part = drawable ? this.part.part_number : "";
    if (!drawable) {
      canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      return;
    }
    const sizeHw = [this.bitmap.height, this.bitmap.width];
    drawPicture(canvas, this.bitmap, sizeHw, this.view.findings);
    if (worst !== undefined) drawCloser(closer, this.bitmap, sizeHw, worst);
  }

  #list([rejects], shown) {
    const entries = rejects.map((part) => {
      const entry = make("button", "recent-part");
      entry.type = "button";
      entry.dataset.part = part.part_number;
      entry.dataset.review = stand(part.review);
      if (part.part_number === shown) entry.setAttribute("aria-current", "true");
      entry.append(
        make("b", "", part.reasons[0] ?? "reject"),
        make("span", "", timeOfDay(part.captured_utc_ms)),
        make("i", "", STANDS[entry.dataset.review]),
      );
      entry.onclick = () => this.#pick(part.part_number);
      const item = document.createElement("li");
      item.append(entry);
      return item;
    });
    byId("recent").replaceChildren(...entries);
  }
}
