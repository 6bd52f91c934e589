"""`passline models mlflow`: a training into a store of MLflow."""

from importlib.util import find_spec
from typing import Annotated

import typer

from inspection.cli.models import models_app
from inspection.cli.training_options import BundleFolder, NotInstalled, open_folder


@models_app.command("mlflow")
def mlflow_command(
    bundle: BundleFolder,
    to: Annotated[
        str,
        typer.Option(metavar="URI", help="The store: sqlite:///runs.db, or a server's address."),
    ],
    experiment: Annotated[
        str | None, typer.Option(help="The experiment; the model's name if left out.")
    ] = None,
) -> None:
    """Log a bundle as a run: its settings, learning curve, figures, and the bundle itself."""
    if find_spec("mlflow") is None:
        raise NotInstalled("this command needs MLflow: pip install 'passline[mlflow]'")
    from training.runs.mlflow_store import log_bundle

    opened = open_folder(bundle)
    run = log_bundle(opened, to, experiment or opened.card.name)
    typer.echo(f"{opened.label} is run {run} in {to}")
