"""One model under one recipe: a picture becomes a verdict and what it came from."""

from typing import Any

from numpy.typing import NDArray

from inspection.judge import ReasonKind, Verdict, judge, not_inspected
from inspection.recipe import Recipe, Region, resolve_limits
from inspection.records.images import picture_sha256
from inspection.records.record import Judgement
from models.errors import InferenceError
from models.findings import Finding, part_score
from models.session import ModelSession


class Inspector:
    """Judges pictures of one camera. Raises RecipeError when recipe and card do not fit."""

    def __init__(self, session: ModelSession, recipe: Recipe) -> None:
        self.session = session
        self.limits = resolve_limits(recipe, session.bundle.card)
        self._region = recipe.camera.region
        self._full_scale = recipe.camera.full_scale

    def inspect(self, pixels: NDArray[Any], pixel_format: str) -> tuple[Verdict, Judgement]:
        """The verdict on a picture: REJECT with NO_ANSWER where the model gave none."""
        try:
            findings = find_defects(self.session, pixels, self._region, self._full_scale)
            verdict = judge(findings, self.limits)
        except InferenceError as error:
            findings = ()
            verdict = not_inspected(ReasonKind.NO_ANSWER, str(error))
        return verdict, self.judgement(pixels, pixel_format, findings)

    def judgement(
        self, pixels: NDArray[Any], pixel_format: str, findings: tuple[Finding, ...] = ()
    ) -> Judgement:
        """What goes on record of a picture; without findings when it was not judged."""
        return Judgement(
            image_sha256=picture_sha256(pixels, pixel_format),
            pixel_format=pixel_format,
            full_scale=self._full_scale,
            bundle_digest=self.session.bundle.digest,
            bundle_label=self.session.bundle.label,
            provider=self.session.provider,
            threads=self.session.threads,
            limits=self.limits,
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
