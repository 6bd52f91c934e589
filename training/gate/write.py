"""The gate's report as files."""

from pathlib import Path

from training.errors import TrainingError
from training.gate.compare import Comparison
from training.gate.page import gate_page


def write_page(comparison: Comparison, path: Path) -> None:
    """Write the page. Raises TrainingError when it cannot be written, or a picture not be read."""
    _write(path, gate_page(comparison))


def write_json(comparison: Comparison, path: Path) -> None:
    """Write the figures, byte for byte what their SHA-256 is over. Raises TrainingError."""
    _write(path, comparison.report.json_text())


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TrainingError(f"{path}: the report cannot be written: {error.strerror}") from error
