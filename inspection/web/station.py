"""What every request of the web works with."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from inspection.web.feed import Feed
from inspection.web.records import StationRecords


@dataclass(frozen=True, slots=True)
class WebStation:
    """The records of one data folder, and the feeds of its screens.

    states: the screens' state as JSON text.
    pictures: live pictures as `inspection.live.pack` gives them.
    screen: the version of page and scripts.
    """

    records: StationRecords
    states: Feed[str]
    pictures: Feed[bytes]
    screen: str

    def close_feeds(self) -> None:
        """Let the endless answers end; may be called from a signal handler."""
        self.states.close()
        self.pictures.close()


def _station(connection: HTTPConnection) -> WebStation:
    station: WebStation = connection.app.state.station
    return station


ThisStation = Annotated[WebStation, Depends(_station)]
