"""`passline limits`: the limits that cost least, and what is known of them for sure."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.training_options import (
    BundleFolder,
    Groups,
    Layout,
    need_torch,
    open_folder,
    open_labelled,
    share,
)

if TYPE_CHECKING:
    from inspection.judge import Fusion
    from inspection.recipe.judging import Costs as RecipeCosts
    from inspection.recipe.judging import FusionChoice
    from training.limits.costs import Costs
    from training.limits.guarantee import Promise
    from training.limits.report import LimitsReport

USUAL_CONFIDENCE = "95%"


@app.command("limits")
def limits_command(
    bundle: BundleFolder,
    folder: Annotated[Path, typer.Argument(help="Labelled pictures.")],
    layout: Layout = "auto",
    groups: Groups = None,
    listed: Annotated[
        Path | None, typer.Option("--list", help="Text file that names the pictures that count.")
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(help="Recipe whose sections costs and fusion count where not said."),
    ] = None,
    escape_cost: Annotated[
        float | None, typer.Option(help="Of a defective part that passes; 100 if left out.")
    ] = None,
    reject_cost: Annotated[
        float | None, typer.Option(help="Of a good part that is rejected; 1 if left out.")
    ] = None,
    class_cost: Annotated[
        list[str] | None, typer.Option(help="Of an escape of one class: crack=500; repeatable.")
    ] = None,
    look_cost: Annotated[
        float | None, typer.Option(help="Of a person's look; asks for a doubt band as well.")
    ] = None,
    defect_rate: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Defective parts of all, on the line: 1%.")
    ] = None,
    escapes_at_most: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Promise of the escape rate: 1%.")
    ] = None,
    confidence: Annotated[
        str, typer.Option(metavar="SHARE", help="How sure that promise is.")
    ] = USUAL_CONFIDENCE,
    on_average: Annotated[
        bool, typer.Option("--on-average", help="Promise the mean over many such choices instead.")
    ] = False,
    fuse: Annotated[
        str | None, typer.Option(help="Pictures of one part: any (the worst counts) or mean.")
    ] = None,
    choose_on_locked: Annotated[
        bool, typer.Option("--choose-on-locked", help="Choose on locked parts too; none report.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder of a new version of the bundle, with these limits.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="The new version; needed with --out.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Page (.html) or PDF (.pdf) with the whole curve.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Propose the limits of least expected cost, and say what is known of them for sure.

    They are chosen on parts that taught the model nothing, and counted on locked ones. Exits with
    1 when a promise cannot be borne out; then no bundle is written.
    """
    from inspection.cli.limits_print import document, print_report
    from inspection.recipe import load_recipe
    from inspection.recipe.judging import Costs, FusionChoice
    from inspection.report.write import check_suffix, write_report
    from training.limits.honest import honest
    from training.limits.report import know_parts, report_limits

    if out is not None:
        need_torch()
        if version is None:
            raise typer.BadParameter("--out: say the new --version as well")
    if report is not None:
        check_suffix(report)
    promise = _promise(escapes_at_most, None if on_average else confidence)
    said = None if recipe is None else load_recipe(recipe).recipe
    fusion = _fusion(fuse, FusionChoice() if said is None else said.fusion)
    opened = open_folder(bundle)
    dataset = open_labelled(folder, layout, groups, listed)
    known = know_parts(opened, honest(opened, dataset, choose_on_locked), fusion)
    costs = _costs(
        Costs() if said is None else said.costs,
        escape_cost,
        reject_cost,
        _class_costs(class_cost or []),
        look_cost,
        None if defect_rate is None else share("--defect-rate", defect_rate),
        known.defect_rate,
    )
    told = report_limits(opened, known, costs, promise)
    if as_json:
        typer.echo(json.dumps(told.to_dict(), indent=2))
    else:
        print_report(told)
    if report is not None:
        write_report(document(told), report)
    guarantee = told.proposal.guarantee
    if guarantee is not None and not guarantee.holds:
        raise typer.Exit(1)
    if out is not None and version is not None:
        _write(told, version, out)


def _costs(
    said: RecipeCosts,
    escape: float | None,
    reject: float | None,
    escape_of: dict[str, float],
    look: float | None,
    defect_rate: float | None,
    rate_in_data: float,
) -> Costs:
    """What the options say, else the recipe; the data's defect rate where neither says one."""
    from training.limits.costs import Costs

    rate = defect_rate or said.defect_rate
    if rate is None:
        rate = rate_in_data
        typer.echo(
            f"no --defect-rate: taken from the data, {rate:.1%}; data sets hold more defective "
            "parts than lines do: say the line's own",
            err=True,
        )
    return Costs(
        said.escape if escape is None else escape,
        said.reject if reject is None else reject,
        rate,
        {**said.escape_of, **escape_of},
        said.look if look is None else look,
    )


def _class_costs(words: list[str]) -> dict[str, float]:
    costs: dict[str, float] = {}
    for word in words:
        name, equals, cost = word.rpartition("=")
        try:
            costs[name] = float(cost)
        except ValueError as error:
            raise typer.BadParameter(f"--class-cost: expected crack=500, got {word!r}") from error
        if not equals or not name:
            raise typer.BadParameter(f"--class-cost: expected crack=500, got {word!r}")
    return costs


def _promise(at_most: str | None, confidence: str | None) -> Promise | None:
    from training.limits.guarantee import Promise

    if at_most is None:
        if confidence != USUAL_CONFIDENCE:
            raise typer.BadParameter("--confidence, --on-average: say --escapes-at-most as well")
        return None
    sure = None if confidence is None else share("--confidence", confidence)
    promise = Promise(share("--escapes-at-most", at_most), sure)
    promise.check()
    return promise


def _fusion(fuse: str | None, said: FusionChoice) -> Fusion:
    from inspection.judge import Fusion

    fuse = fuse or said.views
    if fuse not in list(Fusion):
        raise typer.BadParameter(f"--fuse: expected {' or '.join(Fusion)}, got {fuse!r}")
    return Fusion(fuse)


def _write(told: LimitsReport, version: str, out: Path) -> None:
    from training.limits.rebundle import NewVersion, rebundle

    command = shlex.join(["passline", *sys.argv[1:]])
    new = rebundle(
        told.bundle,
        told.proposal,
        told.known.choosing.parts,
        told.locked_then,
        NewVersion(version, command),
        out,
    )
    typer.echo(f"{new.label} in {out}, card {new.digest[:12]}", err=True)
