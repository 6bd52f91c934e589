"""One model under one recipe: a picture becomes a verdict and what it came from."""

from typing import Any

from numpy.typing import NDArray

from camera.frame import Frame
from inspection.judge import ReasonKind, Verdict, judge, not_inspected
from inspection.recipe import Recipe, Region, resolve_limits
from inspection.records.images import picture_sha256
from inspection.records.record import Judgement, LedgerEntry, ViewRecord
from models.errors import InferenceError
from models.findings import Finding, part_score
from models.session import ModelSession


class Inspector:
    """Judges pictures of the recipe's cameras. Raises RecipeError when recipe and card do not fit.

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
            camera.id: (camera, resolve_limits(recipe, session.bundle.card, camera))
            for camera in recipe.cameras
        }

    def inspect(self, view: str, frame: Frame, age_ns: int) -> tuple[Verdict, ViewRecord]:
        """The verdict on a picture: REJECT with NO_ANSWER where the model gave none."""
        camera, limits = self._cameras[frame.camera_id]
        try:
            findings = find_defects(self.session, frame.pixels, camera.region, camera.full_scale)
            verdict = judge(findings, limits)
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
        camera, limits = self._cameras[frame.camera_id]
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
            full_scale=camera.full_scale,
            limits=limits,
            findings=findings,
            score=part_score(findings),
        )


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
