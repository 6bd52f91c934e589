"""The report as one HTML file that holds everything, prints well and can be signed by hand."""

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from models.card import Rate
from training.gate.compare import Comparison, Shown
from training.gate.drawing import drawn
from training.gate.report import Measure, Paired

MOST_PICTURES = 12
_templates = Environment(
    loader=PackageLoader("training.gate"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class _Example:
    """A part that the two judged differently, as the page shows it."""

    title: str
    champion: str | None
    challenger: str


def gate_page(comparison: Comparison) -> str:
    """The page: no scripts, nothing from elsewhere, pictures inside.

    Raises TrainingError when a picture cannot be read any more.
    """
    report = comparison.report
    return _templates.get_template("gate.html").render(
        report=report,
        sha256=report.sha256(),
        examples=list(_examples(comparison.shown)),
        share=_share,
        p_value=_p_value,
        ratio=_ratio,
        row_class=_row_class,
    )


def _examples(shown: tuple[Shown, ...]) -> Iterator[_Example]:
    """As many of each kind as fit: the challenger's own errors first."""
    ordered = sorted(shown, key=lambda each: not each.difference.champion_is_right)
    worse = [each for each in ordered if each.difference.champion_is_right]
    better = [each for each in ordered if not each.difference.champion_is_right]
    half = MOST_PICTURES // 2
    room = MOST_PICTURES - min(half, len(better))
    for each in [*worse[:room], *better[: MOST_PICTURES - min(room, len(worse))]]:
        yield _Example(
            _title(each),
            None if each.champion is None else drawn(each.champion),
            drawn(each.challenger),
        )


def _title(shown: Shown) -> str:
    difference = shown.difference
    truth = ", ".join(difference.defects) or "good"
    who = "champion" if difference.champion_is_right else "challenger"
    return f"part {difference.part} ({truth}): the {who} is right"


def _share(rate: Rate | None) -> str:
    if rate is None:
        return ""
    return f"{rate.events} of {rate.n} ({rate.lower:.1%} to {rate.upper:.1%})"


def _ratio(measure: Measure) -> str:
    if measure.ratio is None:
        return ""
    if measure.rounds == 1:
        return f"{measure.ratio:.2f}"
    return f"{measure.ratio:.2f} ({measure.lower:.2f} to {measure.upper:.2f})"


def _row_class(paired: Paired) -> str:
    return "worse" if paired.champion is not None and paired.more > 0 else ""


def _p_value(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
