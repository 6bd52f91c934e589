"""One poller for all screens; a slow screen skips to the newest and delays nobody."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Generic, TypeVar

News = TypeVar("News")


class Screen(Generic[News]):
    """One screen's place in the feed: holds the newest news only."""

    def __init__(self, newest: News | None) -> None:
        self._newest = newest
        self._arrived = asyncio.Event()
        if newest is not None:
            self._arrived.set()

    def put(self, news: News) -> None:
        self._newest = news
        self._arrived.set()

    async def next(self, timeout_s: float) -> News | None:
        """The newest news not yet taken, or None when none came within `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._arrived.wait()
        except TimeoutError:
            return None
        self._arrived.clear()
        return self._newest


class Feed(Generic[News]):
    """Asks `read` every `every_s` seconds while somebody watches; what differs is news.

    read: called in a thread, never twice at once; None means that there is nothing to show.
    """

    def __init__(self, read: Callable[[], News | None], every_s: float) -> None:
        self._read = read
        self._every_s = every_s
        self._screens: set[Screen[News]] = set()
        self._watched = asyncio.Event()
        self._newest: News | None = None
        self.closing = False

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            await self._watched.wait()
            news = await asyncio.to_thread(self._read)
            if news is not None and news != self._newest and self._screens:
                self._newest = news
                for screen in self._screens:
                    screen.put(news)
            await asyncio.sleep(self._every_s)

    @contextmanager
    def screen(self) -> Generator[Screen[News]]:
        """A place in the feed; it starts with the newest news, if others watch already."""
        screen = Screen(self._newest)
        self._screens.add(screen)
        self._watched.set()
        try:
            yield screen
        finally:
            self._screens.discard(screen)
            if not self._screens:
                self._watched.clear()
                self._newest = None  # it grows old unwatched

    def close(self) -> None:
        """Tell the screens' streams to end; may be called from a signal handler."""
        self.closing = True
