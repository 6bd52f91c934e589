// The result of a study: the button that ends it.

import { post } from "./ask.js";
import { byId } from "./dom.js";
import { guarded, who } from "./page.js";

const end = byId("end");
if (end !== null) {
  end.onclick = async () => {
    const name = await who.known();
    if (name === "") return;
    await guarded(async () => {
      const [, fault] = await post(`/study/${document.body.dataset.study}/end`, { who: name });
      if (fault !== null) throw new Error(`Not ended: ${fault}`);
      location.reload();
    });
  };
}
