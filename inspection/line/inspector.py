"""One model under one recipe: a picture becomes a verdict and what it came from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from camera.frame import FULL_SCALE_BY_FORMAT, CameraConfigError, Frame
from camera.health import LightReference, measure_health
from inspection.errors import RecipeError
from inspection.judge import Limits, ReasonKind, Verdict, judge, not_inspected
from inspection.recipe import Recipe, Region, View, resolve_limits
from inspection.records.images import picture_sha256
from inspection.records.record import Judgement, LedgerEntry, ViewRecord
from models.errors import InferenceError
from models.findings import Finding, part_score
from models.session import ModelSession


@dataclass(frozen=True, slots=True)
class _Camera:
    """What pictures of one camera are judged and measured by."""

    view: View
    limits: Limits
    reference: LightReference | None

    def full_scale(self, frame: Frame) -> int:
        return self.view.full_scale or FULL_SCALE_BY_FORMAT[frame.pixel_format]


class Inspector:
    """Judges pictures of the recipe's cameras.

    Raises RecipeError when recipe and card do not fit, or a light reference cannot be read.

    judgement: what goes on record of every part that it judges.
    """

    def __init__(self, session: ModelSession, recipe: Recipe) -> None:
        self.session = session
        self.judgement = Judgement(
            bundle_digest=session.bundle.digest,
            bundle_label=session.bundle.label,
            provider=session.provider,
            threads=session.threads,
        )
        self._cameras = {
            view.id: _Camera(
                view, resolve_limits(recipe, session.bundle.card, view), _light_reference(view)
            )
            for view in recipe.cameras
        }

    def inspect(self, view: str, frame: Frame, age_ns: int) -> tuple[Verdict, ViewRecord]:
        """The verdict on a picture: REJECT with NO_ANSWER where the model gave none."""
        camera = self._cameras[frame.camera_id]
        region, full_scale = camera.view.region, camera.full_scale(frame)
        try:
            findings = find_defects(self.session, frame.pixels, region, full_scale)
            verdict = judge(findings, camera.limits)
        except InferenceError as error:
            findings = ()
            verdict = not_inspected(ReasonKind.NO_ANSWER, str(error))
        return verdict, self.view_record(view, frame, age_ns, LedgerEntry.JUDGED, findings)

    def view_record(
        self,
        view: str,
        frame: Frame,
        age_ns: int,
        ledger: LedgerEntry,
        findings: tuple[Finding, ...] = (),
    ) -> ViewRecord:
        """What goes on record of a picture; without findings when it was not judged."""
        camera = self._cameras[frame.camera_id]
        full_scale = camera.full_scale(frame)
        return ViewRecord(
            view=view,
            camera_id=frame.camera_id,
            trigger_id=frame.trigger_id,
            frame_id=frame.frame_id,
            captured_utc_ns=frame.captured_utc_ns,
            ledger=ledger,
            age_ns=age_ns,
            image_sha256=picture_sha256(frame.pixels, frame.pixel_format),
            pixel_format=frame.pixel_format,
            full_scale=full_scale,
            health=measure_health(frame.pixels, full_scale, camera.reference),
            limits=camera.limits,
            findings=findings,
            score=part_score(findings),
        )


def _light_reference(view: View) -> LightReference | None:
    if view.light_reference is None:
        return None
    try:
        return LightReference.load(Path(view.light_reference))
    except CameraConfigError as error:
        raise RecipeError(f"camera {view.id}: {error}") from error


def find_defects(
    session: ModelSession, pixels: NDArray[Any], region: Region | None, full_scale: int | None
) -> tuple[Finding, ...]:
    """Findings inside `region` (all of the picture when None), in pixels of the whole picture.

    Raises InferenceError when the region does not lie in the picture, or the model has no answer.
    """
    if region is None:
        return session.predict(pixels, full_scale).findings
    bottom, right = region.top + region.height, region.left + region.width
    if bottom > pixels.shape[0] or right > pixels.shape[1]:
        raise InferenceError(
            f"the region ends at ({right}, {bottom}), the picture at "
            f"({pixels.shape[1]}, {pixels.shape[0]})"
        )
    cut = pixels[region.top : bottom, region.left : right]
    return session.predict(cut, full_scale, origin_px=(region.left, region.top)).findings
