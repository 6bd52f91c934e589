"""The command line. Each command imports what it needs when it runs, so that none waits for torch.

A file of commands per topic; `main` turns every fault that we know into one message.
"""

import importlib
import sys

import typer

from camera.frame import CameraError
from inspection.errors import PasslineError
from models.errors import BundleError, InferenceError, RegistryError, SigningError

KNOWN_FAULTS = (
    PasslineError,
    CameraError,
    BundleError,
    InferenceError,
    RegistryError,
    SigningError,
)

TOPICS = (
    "belt",
    "camera",
    "commissioning",
    "data",
    "data_export",
    "demo",
    "doctor",
    "ledger",
    "label",
    "line",
    "station",
    "shadow",
    "desk",
    "train",
    "retrain",
    "evaluate",
    "limits",
    "gate",
    "promote",
    "models",
    "mlflow_export",
    "signing",
    "record",
    "render",
    "report",
    "spc",
    "signals",
    "web",
)

app = typer.Typer(
    name="passline",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An automated visual inspection station.",
)


def main() -> None:
    """Run one command; a known fault is one message on stderr and exit code 2."""
    for topic in TOPICS:
        importlib.import_module(f"inspection.cli.{topic}")
    try:
        app(prog_name="passline")
    except KNOWN_FAULTS as fault:
        sys.stderr.write(f"passline: {fault}\n")
        sys.exit(2)
