"""`passline render`: a data set of rendered parts, in the layout that `passline train` reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.errors import PasslineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from camera.renderer import DefectKind, PartRenderer, RenderedPart

GOOD_FOLDER = "good"
MASK_SUFFIX = "_mask"
GROUPS_FILE = "parts.csv"
_CHOICE_STREAM = 7
"""Apart from the renderer's own streams of chance, so that the choice moves no defect."""


class RenderError(PasslineError):
    """The data set cannot be written; the message names the file and the reason."""


@app.command("render")
def render_command(
    out_dir: Annotated[Path, typer.Argument(help="Folder to write to: new or empty.")],
    parts: Annotated[int, typer.Option(min=1, help="Parts to render.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another series.")] = 0,
    defects: Annotated[str, typer.Option(help="Kinds, with commas.")] = "",
    defect_rate: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of parts with a defect.")
    ] = 0.5,
    light: Annotated[float, typer.Option(min=0.05, help="Strength of the ring light.")] = 1.0,
    first: Annotated[int, typer.Option(min=0, help="Number of the first part.")] = 0,
    size: Annotated[int, typer.Option(min=64, max=4096, help="Side in pixels.")] = 512,
    shape: Annotated[str, typer.Option(help="round or rounded_square.")] = "round",
) -> None:
    """Render labelled parts into class folders with mask images, and parts.csv to group them by."""
    from rich.console import Console
    from rich.progress import track

    from camera.renderer import DefectKind, PartRenderer, PartShape

    if shape not in list(PartShape):
        raise typer.BadParameter(f"--shape: expected {' or '.join(PartShape)}, got {shape!r}")
    series = Series(
        renderer=PartRenderer(size, seed, PartShape(shape)),
        kinds=_kinds(defects) if defects else tuple(DefectKind),
        defect_rate=defect_rate,
        light=light,
    )
    console = Console(stderr=True)
    numbers = track(range(first, first + parts), "Rendering parts", parts, console=console)
    count = sum(1 for _ in write_data_set(out_dir, series, numbers))
    console.print(f"{count} parts in {out_dir}")


@dataclass(frozen=True, slots=True)
class Series:
    """What a data set is made of: at most one defect a part, each kind as often as the others."""

    renderer: PartRenderer
    kinds: tuple[DefectKind, ...]
    defect_rate: float
    light: float

    def render(self, number: int) -> RenderedPart:
        """The part of this number; the same whatever else is in the data set."""
        import numpy as np

        from camera.renderer import PartMix

        chance = np.random.default_rng([self.renderer.seed, number, _CHOICE_STREAM])
        spoiled = chance.random() < self.defect_rate
        kind = self.kinds[chance.integers(len(self.kinds))]
        rates = {kind: 1.0} if spoiled else {}
        return self.renderer.render(number, PartMix(rates=rates, light=self.light))


def write_data_set(out_dir: Path, series: Series, numbers: Iterable[int]) -> Iterator[Path]:
    """Write each part as CLASS/Imgs/NAME.png with NAME_mask.png beside it; yield the picture.

    The mask is 0 where the part is good and 255 on the defect; a good part's mask is all 0. The
    grouping file has one line a picture, written once the picture is there; its part is seed and
    number, so that parts of two series never share a name.

    Raises RenderError when the folder is not empty or a file cannot be written.
    """
    if out_dir.exists() and (not out_dir.is_dir() or any(out_dir.iterdir())):
        raise RenderError(f"{out_dir}: expected a new or an empty folder; name another one")
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with (out_dir / GROUPS_FILE).open("w", encoding="utf-8", newline="") as groups:
            groups.write("image,part\n")
            for number in numbers:
                picture = _write_part(out_dir, number, series.render(number))
                part = f"{series.renderer.seed}-{number}"
                groups.write(f"{picture.relative_to(out_dir).as_posix()},{part}\n")
                yield picture
    except OSError as error:
        raise RenderError(f"cannot write the data set to {out_dir}: {error}") from error


def _write_part(out_dir: Path, number: int, part: RenderedPart) -> Path:
    import numpy as np

    mask = np.zeros(part.pixels.shape, np.uint8)
    for defect in part.defects:
        mask[defect.mask] = 255
    folder = out_dir / (part.defects[0].kind if part.defects else GOOD_FOLDER) / "Imgs"
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / f"part{number:07d}.png"
    _write_png(picture, part.pixels)
    _write_png(picture.with_stem(picture.stem + MASK_SUFFIX), mask)
    return picture


def _write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    import cv2

    encoded, buffer = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not encoded:
        raise RenderError(f"{path}: OpenCV could not encode a picture of {pixels.shape} as PNG")
    path.write_bytes(buffer.tobytes())


def _kinds(names: str) -> tuple[DefectKind, ...]:
    from camera.renderer import DefectKind

    wanted = [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in list(DefectKind)]
    if unknown:
        known = ", ".join(DefectKind)
        raise typer.BadParameter(f"--defects: {unknown[0]!r} is not known; known are {known}")
    return tuple(DefectKind(name) for name in dict.fromkeys(wanted))
