"""Serving the screens: the port is ours before anything starts, the end comes within seconds."""

import errno
import ipaddress
import os
import signal
import socket
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from inspection.errors import PasslineError
from inspection.web.app import create_app
from inspection.web.station import WebStation

STOP_WITHIN_S = 2


class WebError(PasslineError):
    """The screens cannot be served; the message names address and port."""


def serve(
    folder: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    own_names: Iterable[str] = (),
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve the screens of the data folder until SIGTERM or Ctrl-C.

    port: 0 takes any free one.
    own_names: further host names that the page may be opened by.
    on_ready: told the page's URL once the port is ours; connections wait from then on.
    Raises WebError when the port is taken or the address is not this computer's.
    """
    with listening(host, port) as listener:
        app = create_app(folder, own_names)
        on_ready(page_url(host, listener.getsockname()[1]))
        station: WebStation = app.state.station
        serve_app(app, listener, station.close_feeds)
    if app.state.fault is not None:
        raise RuntimeError("a feed of the screens failed") from app.state.fault


def serve_app(app: FastAPI, listener: socket.socket, close_feeds: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C.

    close_feeds: lets endless answers end; called from a signal handler.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        ws_max_size=4096,
    )
    _Server(config, close_feeds).run(sockets=[listener])


@contextmanager
def listening(host: str, port: int) -> Generator[socket.socket]:
    """A socket that listens on host and port; one that somebody else listens on is refused.

    SO_REUSEADDR lets a restarted web have its port back while old connections die off; on Linux
    it never shares a port with another listener. Raises WebError.
    """
    if not 0 <= port <= 65535:
        raise WebError(f"{host}:{port} is no address to serve on: ports go from 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise WebError(f"{host}:{port} is no address to serve on: {error}") from error
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen()
        except OSError as error:
            raise WebError(_why_not(host, port, error)) from error
        yield listener


def page_url(host: str, port: int) -> str:
    """Where a browser on this computer opens the page."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        return f"http://{socket.gethostname()}:{port}"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"


def _why_not(host: str, port: int, error: OSError) -> str:
    choose = "choose another with --port N (--port 0 takes any free one)"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken by another program; end it, or {choose}"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} needs rights this user has not; {choose}"
    return f"cannot serve on {host}:{port}: {os.strerror(error.errno or 0)}; choose --host"


class _Server(uvicorn.Server):
    """Ends on SIGTERM and Ctrl-C alike, and lets the screens' endless answers end first."""

    def __init__(self, config: uvicorn.Config, close_feeds: Callable[[], None]) -> None:
        super().__init__(config)
        self._close_feeds = close_feeds

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """In place of uvicorn's, which raises the signal again once the server has ended."""
        before: dict[signal.Signals, Any] = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._close_feeds()
        self.should_exit = True
