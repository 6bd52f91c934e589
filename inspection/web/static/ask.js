// Asking the station: JSON back and forth, with what went wrong in words.

const WITHIN_MS = 5000;

/** The answer to a GET as JSON. Throws an Error that says what went wrong. */
export async function get(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(4 * WITHIN_MS) });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return answer.json();
}

/** Send JSON; gives [answer, null], or [null, what went wrong]. */
export async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    const said = await answer.json();
    return answer.ok ? [said, null] : [null, said.detail];
  } catch (fault) {
    return [null, fault.message];
  }
}
