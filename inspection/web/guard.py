"""Who may talk to the station's web: this page in a browser, and programs that are no browser.

Three attacks from a web page open on the same computer are kept out, without sign-in:

- DNS rebinding: the Host must be an IP address, localhost or this computer's name. An attacker's
  page always comes with the attacker's domain, whatever address that resolves to.
- Cross-site posts and WebSockets: where a browser states an Origin, it must be the Host. Bodies are
  JSON, which no plain form can send.
- Long bodies: a POST states its length and may hold 4 KiB.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY_BYTES = 4096
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

NO_SCRIPTS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
}
"""For a page that holds its own style and pictures, and no script: stricter than the others."""


class Guard:
    """ASGI middleware: refuses what is not for this station, adds the security headers.

    own_names: host names besides localhost and this computer's that the page may be opened by.
    """

    def __init__(self, app: ASGIApp, own_names: frozenset[str] = frozenset()) -> None:
        self._app = app
        computer = socket.gethostname().lower()
        short = computer.partition(".")[0]
        self._names = {"localhost", computer, short, f"{short}.local"} | own_names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, _with_security_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            status, why = refusal
            answer = JSONResponse({"detail": why}, status_code=status)
            await answer(scope, receive, _with_security_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """HTTP status and reason when the request is refused."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            return 400, (
                f"host {host!r} is not this station; open it by its address, "
                "or name it: passline web DATA --name HOST"
            )
        changes_something = scope["type"] == "websocket" or scope["method"] not in {"GET", "HEAD"}
        origin = headers.get("origin")
        if changes_something and origin is not None and urlsplit(origin).netloc != host:
            return 403, f"a page of {origin} may not do this; only the station's own page may"
        if scope["type"] == "http" and scope["method"] == "POST":
            return _body_refusal(headers)
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _body_refusal(headers: Headers) -> tuple[int, str] | None:
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return 415, "the body must be application/json"
    length = headers.get("content-length", "")
    if not length.isdecimal():
        return 411, "the request must state its Content-Length"
    if int(length) > LONGEST_BODY_BYTES:
        return 413, f"the body has {length} bytes, at most {LONGEST_BODY_BYTES} are read"
    return None


def _with_security_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-cache")
        await send(message)

    return send_with_headers
