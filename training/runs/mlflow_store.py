"""A finished training as a run in a store of MLflow: what was set, how it went, what came of it."""

import logging
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# Said before the import: MLflow would tell its makers of each use.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import SQLAlchemyError

from models.bundle import Bundle
from models.card import Card
from models.learning import CURVE_FILE, Point, read_curve
from training.errors import TrainingError

DIGEST_TAG = "passline.digest"


def log_bundle(bundle: Bundle, store: str, experiment: str) -> str:
    """Log a bundle with its learning curve; gives the run's id, of the earlier one if it is there.

    store: a tracking URI, such as `sqlite:///runs.db` or `http://127.0.0.1:5000`. Files of a new
        experiment in an SQLite store lie in a folder beside it.
    Raises TrainingError when the store cannot be used, BundleError for a damaged curve.
    """
    card = bundle.card
    with _explained(store):
        client = MlflowClient(tracking_uri=store)
        number = _experiment(client, experiment, store)
        known = client.search_runs([number], f"tags.`{DIGEST_TAG}` = '{bundle.digest}'")
        if known:
            return str(known[0].info.run_id)
        run = str(client.create_run(number, run_name=bundle.label).info.run_id)
        try:
            client.log_batch(
                run,
                metrics=list(_metrics(bundle)),
                params=[Param(name, str(value)) for name, value in _parameters(card).items()],
            )
            client.log_artifacts(run, str(bundle.folder), "bundle")
            # Last: a run that has the tag is whole.
            client.log_batch(run, tags=[RunTag(DIGEST_TAG, bundle.digest)])
        except BaseException:
            client.set_terminated(run, "FAILED")
            raise
        client.set_terminated(run)
    return run


@contextmanager
def _explained(store: str) -> Generator[None]:
    """MLflow's errors as ours, and its progress unsaid."""
    loud = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loud]
    for logger in loud:
        logger.setLevel(logging.ERROR)
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise TrainingError(f"{store}: MLflow cannot log there: {error}") from error
    finally:
        for logger, level in zip(loud, levels, strict=True):
            logger.setLevel(level)


def _experiment(client: MlflowClient, name: str, store: str) -> str:
    known: Any = client.get_experiment_by_name(name)
    if known is not None:
        return str(known.experiment_id)
    parts = urlsplit(store)
    files = None
    if parts.scheme.startswith("sqlite"):
        database = Path(store.partition(":///")[2]).absolute()
        files = database.with_name(f"{database.stem}-files").as_uri()
    return str(client.create_experiment(name, artifact_location=files))


def _parameters(card: Card) -> dict[str, object]:
    origin = card.origin
    return {
        "task": card.task,
        "classes": ", ".join(card.classes),
        "size_hw": card.input.size_hw,
        "channels": card.input.channels,
        "seed": origin.seed,
        "data": origin.data,
        "data_sha256": origin.data_sha256,
        "code_version": origin.code_version,
        "command": origin.command,
        "parent": origin.parent,
    }


def _metrics(bundle: Bundle) -> Iterator[Metric]:
    """The curve by per mille of the training, then what the card says of locked parts."""
    curve = bundle.folder / CURVE_FILE
    for point in read_curve(curve).points if curve.exists() else ():
        yield from _of_point(point)
    measured = bundle.card.metrics
    found = {
        "escapes": measured.escapes.rate if measured.escapes.n else None,
        "false_rejects": measured.false_rejects.rate if measured.false_rejects.n else None,
        "auroc": measured.auroc,
        "locked_parts": measured.test_parts,
    }
    for name, value in found.items():
        if value is not None:
            yield Metric(name, float(value), timestamp=0, step=1000)


def _of_point(point: Point) -> Iterator[Metric]:
    at = round(1000 * point.share)
    yield Metric("loss_training", point.loss, timestamp=0, step=at)
    yield Metric("learning_rate", point.learning_rate, timestamp=0, step=at)
    if point.validation is not None:
        yield Metric("loss_validation", point.validation, timestamp=0, step=at)
