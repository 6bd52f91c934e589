"""Trainings in a store of MLflow, read back with its own client."""

import importlib
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient
from typer.testing import CliRunner

from inspection.cli import app
from models.bundle import file_sha256
from models.learning import CURVE_FILE, read_curve
from training.errors import TrainingError
from training.runs.mlflow_store import log_bundle
from training.train import Trained

for _topic in ("evaluate", "mlflow_export"):  # of one command alone typer would make no commands
    importlib.import_module(f"inspection.cli.{_topic}")
pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader:DeprecationWarning"
)  # MLflow's


def test_a_training_is_found_again_in_the_store_with_all_that_it_was(
    trained: Trained, tmp_path: Path
) -> None:
    bundle, store = trained.bundle, f"sqlite:///{tmp_path / 'runs.db'}"
    said = CliRunner().invoke(app, ["models", "mlflow", str(bundle.folder), "--to", store])
    assert said.exit_code == 0, said.output
    client = MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name(bundle.card.name)
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_id in said.output
    assert run.info.status == "FINISHED"
    assert run.data.params["data_sha256"] == bundle.card.origin.data_sha256
    assert run.data.metrics["escapes"] == bundle.card.metrics.escapes.rate
    losses = client.get_metric_history(run.info.run_id, "loss_training")
    points = read_curve(bundle.folder / CURVE_FILE).points
    assert [each.value for each in losses] == [point.loss for point in points]
    kept = tmp_path / "runs-files" / run.info.run_id / "artifacts" / "bundle"
    assert file_sha256(kept / "model.onnx") == bundle.card.hashes["model.onnx"]
    assert log_bundle(bundle, store, bundle.card.name) == run.info.run_id  # once is enough
    assert len(client.search_runs([experiment.experiment_id])) == 1


def test_a_store_that_cannot_be_used_is_named(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_bytes(b"no database" * 500)
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    with pytest.raises(TrainingError, match=r"runs\.db: MLflow cannot log there"):
        log_bundle(trained.bundle, store, "plate")
    with pytest.raises(TrainingError, match="tape://x: MLflow cannot log there"):
        log_bundle(trained.bundle, "tape://x", "plate")
