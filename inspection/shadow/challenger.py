"""The challenger as the line would have it: the same judging, on a copy of the same pictures."""

import time
from collections.abc import Mapping
from pathlib import Path

from camera.join import PartPictures
from inspection.errors import RecordsError
from inspection.line.inspector import Inspector
from inspection.line.part import judge_part
from inspection.line.shadow_wire import OfferedPart
from inspection.recipe import Recipe, check_fits, parse_recipe
from inspection.records.query import RecordReader
from inspection.records.templates import kept_template
from inspection.shadow.store import Answer
from models.bundle import Bundle
from models.session import ModelSession


class Challenger:
    """A bundle under the recipe of one run of the line.

    It runs on one thread, whatever the recipe gives the champion: the other cores are the line's.
    templates: SHA-256 by view of the golden templates that the line judges by; it judges by the
        copies of these that the records keep, whatever has become of the recipe's files.
    Raises RecordsError without that run or those templates on record, BundleError or RecipeError
    when the bundle cannot judge under its recipe.
    """

    def __init__(
        self, folder: Path, bundle: Bundle, run_id: int, templates: Mapping[str, str]
    ) -> None:
        self.bundle = bundle
        self.run_id = run_id
        self._recipe = recipe_of(folder, run_id)
        check_fits(self._recipe, bundle)
        session = ModelSession(bundle, self._recipe.model.provider, threads=1)
        kept = {view: kept_template(folder, sha256) for view, sha256 in templates.items()}
        self._inspector = Inspector(session, self._recipe, kept)

    def judge(self, part: OfferedPart) -> Answer:
        """What it says of the part, as if each picture had just come: a shadow is never late."""
        begin_ns = time.monotonic_ns()
        captured_ns = min(frame.captured_ns for frame in part.frames.values())
        pictures = PartPictures(dict(part.frames))
        judged = judge_part(pictures, self._inspector, self._recipe, lambda: captured_ns)
        scores = [view.score for view in judged.views if view.score is not None]
        return Answer(
            part=part,
            verdict=judged.verdict,
            views=judged.views,
            score=max(scores, default=None),
            took_ns=time.monotonic_ns() - begin_ns,
            at_utc_ns=time.time_ns(),
        )


def recipe_of(folder: Path, run_id: int) -> Recipe:
    """The recipe of a run of the line. Raises RecordsError when it is not on record."""
    reader = RecordReader(folder)
    try:
        run = reader.run(run_id)
    finally:
        reader.close()
    if run is None:
        raise RecordsError(f"{folder}: run {run_id} is not on record")
    return parse_recipe(run.start.recipe_toml, f"recipe of run {run_id}")
