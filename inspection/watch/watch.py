"""The watch: reads the records as they come, draws every chart, raises signals, tells of them.

It may be killed and restarted at any moment: what it has seen and what it raised move on together.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

from inspection.recipe import Recipe, parse_recipe
from inspection.recipe.charts import StationChart
from inspection.records.charts import Measure
from inspection.records.escapes import EscapeReader
from inspection.records.folder_lock import hold_watch
from inspection.records.part_columns import PartReader
from inspection.records.picture_rows import PictureReader
from inspection.records.query import Event, RecordReader
from inspection.records.review_reader import ExclusionReader, ReviewReader
from inspection.records.watch_reader import WatchReader
from inspection.spc.errors import SpcError
from inspection.watch.board import Board
from inspection.watch.diagnosis import Diagnostician
from inspection.watch.follower import Follower
from inspection.watch.guardian import Guardian
from inspection.watch.hours import Hours
from inspection.watch.memory import VERDICTS, RunFacts
from inspection.watch.outputs import Teller
from inspection.watch.reviews import ReviewedParts
from inspection.watch.sheet import Noted, Sheet
from inspection.watch.standing import STANDING, Standing
from inspection.watch.store import WatchStore
from inspection.watch.takeover import Promotions
from models.registry import station_registry

PARTS_A_STEP = 10_000
_EVENTS_A_STEP = 1000
_POLL_S = 0.25
_OF_REVIEWS = (Measure.REVIEWED_REJECTS, Measure.FALSE_REJECTS)
_NOTED_WITH_PARTS = frozenset({"model_changed"})


class Watch:
    """Watches one data folder; the only one that does.

    Charts are those of the recipe that a part was inspected under. A stage of a chart begins with
    its phase I, whose limits are frozen; then every subgroup, or every verdict, is held against
    them once. Another model, other limits or another product begin a new stage.
    """

    def __init__(self, folder: Path, *, parts_a_step: int = PARTS_A_STEP) -> None:
        """Raises DataFolderInUse when another watch runs, RecordsError when it cannot read."""
        self._closing = ExitStack()
        with ExitStack() as opening:
            opening.enter_context(hold_watch(folder))
            self._records = RecordReader(folder)
            self._parts, self._pictures = PartReader(folder), PictureReader(folder)
            self._reviews, self._store = ReviewReader(folder), WatchStore(folder)
            self._escapes = EscapeReader(folder)
            self._exclusions, signals = ExclusionReader(folder), WatchReader(folder)
            for opened in (
                self._records, self._parts, self._pictures, self._reviews, self._exclusions,
                self._escapes, self._store, signals,
            ):  # fmt: skip
                opening.callback(opened.close)
            self._teller = Teller(folder, self._store)
            opening.callback(self._teller.close)
            self._closing = opening.pop_all()
        self._parts_a_step = parts_a_step
        self._recipe_of = lru_cache(maxsize=8)(self._read_recipe)
        self._facts_of = lru_cache(maxsize=8)(self._read_facts)
        self._diagnostician = Diagnostician(self._pictures, self._facts_of)
        registry = station_registry(folder)
        self._promotions = Promotions(registry)
        self._guardian = Guardian(
            registry, self._promotions, signals, self._records, self._recipe_of
        )
        self._stand()

    def close(self) -> None:
        self._closing.close()

    def run(self, stop: Callable[[], bool], poll_s: float = _POLL_S) -> None:
        """Step until `stop` says so, then close. Raises RecordsError and RecipeError."""
        try:
            while not stop():
                if self.step() == 0:
                    time.sleep(poll_s)
        finally:
            self.close()

    def step(self) -> int:
        """Watch everything that is on record by now; gives the number of parts that were new.

        Raises RecordsError, and RecipeError for a recipe on record that cannot be read.
        """
        watched = 0
        while (news := self._advance()) is not None:
            watched += news
        return watched

    def _stand(self) -> None:
        """Go on from the last step on disk."""
        place, saved = self._store.place(), self._store.charts()
        self._standing = Standing() if place is None else STANDING.validate_json(place["memory"])
        standing = self._standing
        self._hours = Hours(self._store.rolled_up)
        self._follower = Follower(
            Board(saved, self._promotions.promoted),
            standing.memory,
            self._facts_of,
            self._charts_of,
            self._hours,
        )
        self._behind = Follower(
            Board(saved, self._promotions.promoted),
            standing.reviewed,
            self._facts_of,
            self._reviewed_charts_of,
        )
        self._reviewed = ReviewedParts(self._behind, self._parts, self._reviews)
        self._follower.resume()
        self._behind.resume()
        self._tell()

    def _advance(self) -> int | None:
        """One step, one transaction; the new parts in it, None when there was nothing new."""
        standing, sheet = self._standing, Sheet()
        parts = self._parts.after(standing.last_part, self._parts_a_step)
        if len(parts):
            self._follower.take(parts, len(parts), sheet)
            standing.last_part = int(parts.part_number[-1])
        events = self._records.events_after(standing.last_event, _EVENTS_A_STEP)
        if events:
            sheet.noted.extend(_note(event) for event in events if _is_told(event))
            standing.last_event = events[-1].id
        escaped = self._follow_escapes(sheet, more_parts=len(parts) > 0)
        behind = self._follow_reviews(sheet)
        excluded = self._exclude(sheet)
        sheet.noted.extend(guarded := self._guardian.act(standing))
        if not (len(parts) or events or escaped or behind or excluded or guarded):
            return None
        self._commit(sheet)
        self._tell()
        return len(parts)

    def _follow_escapes(self, sheet: Sheet, *, more_parts: bool) -> bool:
        """Tell the guards of parts that escaped, which may be known before their parts are."""
        standing, newest = self._standing, self._escapes.newest_entries()
        if newest == standing.last_entries and not more_parts:
            return False
        standing.last_entries = newest

        def escaped() -> list[int]:
            return [escape.part_number for escape in self._escapes.escapes()]

        epoch = standing.memory.epoch(VERDICTS).number
        return self._follower.board.learn_escapes(escaped, epoch, sheet)

    def _follow_reviews(self, sheet: Sheet) -> int:
        """Charts of reviews; changes at the station were noted when the watch itself saw them."""
        noted = len(sheet.noted)
        behind = self._reviewed.step(self._standing, self._parts_a_step, sheet)
        del sheet.noted[noted:]
        return behind

    def _exclude(self, sheet: Sheet) -> int:
        """Estimate limits anew without what people left out; one that cannot be is noted."""
        standing = self._standing
        found = self._exclusions.after(standing.last_exclusion)
        for one in found:
            standing.last_exclusion = one.id
            what = f"{one.chart}, point {one.point}"
            try:
                boards = (self._follower.board, self._behind.board)
                known = any(b.exclude(one.chart, one.point, one.reason, sheet) for b in boards)
                told = (
                    f"{what} left out by {one.who}: {one.reason}"
                    if known
                    else f"{what}: no such chart now"
                )
            except SpcError as error:
                told = f"{what} stays in: {error}"
            sheet.noted.append(Noted(one.at_utc_ns, None, "exclusion", told))
        return len(found)

    def _commit(self, sheet: Sheet) -> None:
        standing = self._standing
        self._store.commit(
            sheet,
            [*self._follower.board.drawn(), *self._behind.board.drawn()],
            {
                "last_part": standing.last_part,
                "last_event": standing.last_event,
                "reviewed_part": standing.reviewed_part,
                "memory": STANDING.dump_json(standing).decode(),
            },
            self._hours.touched(),
            self._diagnostician.examine,
        )

    def _tell(self) -> None:
        run = self._standing.memory.run
        if run is not None:
            recipe = self._recipe_of(run)
            self._teller.want(recipe.output, recipe.station)

    def _charts_of(self, run_id: int) -> tuple[StationChart, ...]:
        charts = self._recipe_of(run_id).charts
        return tuple(chart for chart in charts if chart.of not in _OF_REVIEWS)

    def _reviewed_charts_of(self, run_id: int) -> tuple[StationChart, ...]:
        charts = self._recipe_of(run_id).charts
        return tuple(chart for chart in charts if chart.of in _OF_REVIEWS)

    def _read_recipe(self, run_id: int) -> Recipe:
        run = self._records.run(run_id)
        assert run is not None, "a part is on record with its run"
        return parse_recipe(run.start.recipe_toml, f"recipe of run {run_id}")

    def _read_facts(self, run_id: int) -> RunFacts:
        run = self._records.run(run_id)
        assert run is not None, "a part is on record with its run"
        settings = {
            camera.camera_id: camera.settings for camera in self._records.run_cameras(run_id)
        }
        return RunFacts(run.start.recipe_digest, self._recipe_of(run_id).product, settings)


def _is_told(event: Event) -> bool:
    return event.kind not in _NOTED_WITH_PARTS


def _note(event: Event) -> Noted:
    words, fault = event.kind.replace("_", " "), event.detail.get("fault")
    return Noted(event.at_utc_ns, None, event.kind, f"{words}: {fault}" if fault else words)
