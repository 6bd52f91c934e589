"""The gate for models, as a retraining asks it."""

from pathlib import Path

from inspection.records.escapes import escaped_serials
from models.bundle import Bundle
from training.data.dataset import Dataset
from training.gate.compare import Exam, compare
from training.gate.page import gate_page
from training.retraining.news import last_recipe
from training.retraining.plan import Gate, Ruling


def gate_of(folder: Path) -> Gate:
    """The gate of the station with this data folder: by its recipe, with the parts that escaped."""

    def hold(challenger: Bundle, champion: Bundle, dataset: Dataset) -> Ruling:
        exam = Exam(dataset, escaped_serials(folder), recipe=last_recipe(folder))
        comparison = compare(challenger, champion, exam)
        report = comparison.report
        files = {"gate.json": report.json_text(), "gate.html": gate_page(comparison)}
        return Ruling(report.against, report.evidence(), files)

    return hold
