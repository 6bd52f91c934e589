"""One run of retraining: new labels, a fine-tuned challenger, the gate, and what follows.

Each step is logged once it is done. A run that was killed goes on at the step it was at; a bundle
is there whole or not at all.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inspection.errors import PasslineError
from inspection.records.folder_lock import hold_retraining
from inspection.records.retraining import (
    Outcome,
    RetrainLog,
    Step,
    steps_of,
    taken_until_utc_ns,
)
from inspection.records.signal_desk import SignalDesk
from models.bundle import Bundle, open_bundle
from models.errors import BundleError, InferenceError, RegistryError
from models.learning import station_run
from models.registry import station_registry
from training.data.dataset import Dataset, join
from training.data.from_records import collect
from training.order import Order
from training.retraining.news import NewLabels, last_recipe, new_labels, next_version
from training.retraining.plan import Ended, RetrainPlan, Then
from training.runs.accompany import Company, accompanied
from training.train import train

WHO = "retrain"


def retrain(folder: Path, plan: RetrainPlan) -> Ended:
    """Retrain the champion of the station with this data folder, if there is enough that is new.

    Raises DataFolderInUse while another retraining runs here, and what the training, the gate or
    the registry raise: then the run is on record as failed, and its labels are new next time.
    """
    with hold_retraining(folder):
        run = _Run(folder, plan)
        try:
            return run.go()
        except (PasslineError, BundleError, RegistryError, InferenceError) as fault:
            run.fail(str(fault))
            raise


class _Run:
    """The last run where it was cut off, or the next one."""

    def __init__(self, folder: Path, plan: RetrainPlan) -> None:
        self._folder = folder
        self._plan = plan
        self._log = RetrainLog(folder)
        events = self._log.events()
        last = events[-1].run if events else 0
        cut_off = last > 0 and Step.ENDED not in steps_of(events, last)
        self._number = last if cut_off else last + 1
        self._done = steps_of(events, self._number)
        self._since_ns = taken_until_utc_ns(events)
        self._registry = station_registry(folder)
        self._own = self._log.folder / f"run-{self._number:04d}"

    def go(self) -> Ended:
        """Go on until the run has ended."""
        if Step.BEGUN not in self._done:
            found = new_labels(self._folder, self._since_ns)
            if found.count < self._plan.needed:
                return self.end(Outcome.NOTHING_NEW, found.too_few(self._plan.needed))
            self._begin(found)
        dataset, left_out = self._dataset()
        if Step.TRAINED not in self._done:
            self._train(dataset, left_out)
        challenger = open_bundle(self._own / "bundle")
        if Step.GATED not in self._done:
            self._to_the_gate(challenger, dataset)
        return self._follow(challenger)

    def end(self, outcome: Outcome, said: str) -> Ended:
        """Log how the run ended."""
        self._step(Step.ENDED, {"outcome": outcome, "said": said})
        return Ended(outcome, said)

    def fail(self, said: str) -> None:
        """Log a fault. What was half made is of no use to the next run, and room may be short."""
        shutil.rmtree(self._checkpoints, ignore_errors=True)
        self.end(Outcome.FAILED, said)

    def _begin(self, found: NewLabels) -> None:
        shutil.rmtree(self._own, ignore_errors=True)
        champion = self._champion()
        version = next_version(self._registry, champion)
        self._step(
            Step.BEGUN,
            {
                "label": f"{champion.card.name}-{version}",
                "version": version,
                "parent": champion.label,
                "labels": found.count,
                "until_utc_ns": found.until_utc_ns,
                "because": self._plan.because,
            },
        )

    def _train(self, dataset: Dataset, left_out: Mapping[str, int]) -> None:
        begun = self._done[Step.BEGUN].detail
        out, parent = self._own / "bundle", self._registry.bundle(begun["parent"])
        for reason, count in left_out.items():
            self._plan.tell(f"{count} labelled parts left out: {reason}")
        if not out.exists():
            self._plan.tell(
                f"run {self._number}: {begun['label']} learns from {begun['parent']} and "
                f"{begun['labels']} new labels ({begun['because']})"
            )
            order = Order(
                name=parent.card.name,
                version=begun["version"],
                plan=self._plan.fit(dataset, parent.card),
                parent=parent,
                about=f"run {self._number} of retraining: {dataset.source}",
                command=self._plan.command,
            )
            company = Company(
                begun["label"],
                self._plan.command,
                dataset.digest(),
                live=station_run(self._folder),
            )
            self._forget_another_training(out, company)
            with accompanied(out, company) as along:
                train(dataset, order, out, along.following)
        metrics = open_bundle(out).card.metrics
        parts = len({sample.part for sample in dataset.samples})
        detail = {"parts": parts, "metrics": metrics.model_dump(mode="json")}
        self._step(Step.TRAINED, detail | {"left_out": dict(left_out)})

    def _forget_another_training(self, out: Path, company: Company) -> None:
        """Labels or orders that came since a kill make it another one: its checkpoints go."""
        note, wanted = self._own / "training.txt", f"{company.command}\n{company.data_sha256}\n"
        if not note.exists() or note.read_text(encoding="utf-8") != wanted:
            shutil.rmtree(self._checkpoints, ignore_errors=True)
            self._own.mkdir(parents=True, exist_ok=True)
            note.write_text(wanted, encoding="utf-8")

    @property
    def _checkpoints(self) -> Path:
        return self._own / ".bundle.training"

    def _to_the_gate(self, challenger: Bundle, dataset: Dataset) -> None:
        self._plan.tell(f"{challenger.label} is at the gate")
        ruling = self._plan.gate(challenger, self._champion(), dataset)
        for name, text in ruling.report.items():
            (self._own / name).write_text(text, encoding="utf-8")
        detail = {"against": list(ruling.against), "evidence": dict(ruling.evidence)}
        self._step(Step.GATED, detail | {"report": sorted(ruling.report)})

    def _follow(self, challenger: Bundle) -> Ended:
        gated = self._done[Step.GATED].detail
        if gated["against"]:
            return self.end(Outcome.REFUSED, f"{challenger.label}: {'; '.join(gated['against'])}")
        label, name, then = challenger.label, challenger.card.name, self._plan.then
        why = f"passed the gate, run {self._number} of retraining"
        self._registry.add(challenger.folder, WHO, why)
        if then is Then.PROMOTE:
            if self._registry.standing(name).champion != label:
                self._registry.promote(label, WHO, why, gated["evidence"])
            return self.end(Outcome.PROMOTED, f"{label} passed the gate and is champion")
        if then is Then.PROPOSE:
            self._propose(label)
            return self.end(Outcome.PROPOSED, f"{label} passed the gate and waits to be promoted")
        self._put_on_shadow(name, label, why, gated["evidence"])
        return self.end(Outcome.SHADOW, f"{label} passed the gate and judges beside the champion")

    def _put_on_shadow(self, name: str, label: str, why: str, evidence: Mapping[str, Any]) -> None:
        """The newer shadow has learnt more: the one before makes room."""
        before = self._registry.standing(name).shadow
        if before == label:
            return
        if before is not None:
            self._registry.end_shadow(name, WHO, f"{label} has learnt more")
        self._registry.shadow(label, WHO, why, evidence)

    def _propose(self, label: str) -> None:
        """Once, also where the run was killed after the note."""
        text = f"{label} passed the gate; proposal: promote it"
        desk = SignalDesk(self._folder)
        try:
            if not any(note.text.endswith(text) for note in desk.notes()):
                desk.note(text, WHO)
        finally:
            desk.close()

    def _dataset(self) -> tuple[Dataset, dict[str, int]]:
        """What there is to learn from, and how many labelled parts are left out, by reason."""
        collected = collect(self._folder, self._registry)
        return join([*self._plan.base, collected.dataset]), collected.left_out

    def _champion(self) -> Bundle:
        name = last_recipe(self._folder).model.name
        champion = self._registry.champion(name)
        if champion is None:
            raise RegistryError(
                f"{self._registry.folder}: no champion named {name!r} to start from"
            )
        return champion

    def _step(self, step: Step, detail: Mapping[str, Any]) -> None:
        self._log.append(self._number, step, detail)
        self._done = steps_of(self._log.events(), self._number)
