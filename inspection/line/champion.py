"""Which model judges now: follows the registry and changes models between two parts."""

import threading
from collections.abc import Callable
from typing import Any

from inspection.errors import RecipeError
from inspection.line.inspector import Inspector
from inspection.recipe import Recipe, check_fits, load_templates
from models.errors import BundleError, RegistryError
from models.registry import Registry
from models.session import ModelSession

LogEvent = Callable[[str, dict[str, Any]], None]


class ChampionFollower:
    """Holds the inspector of the registry's champion.

    A new champion is opened and warmed in a thread of its own while the old one judges on; the
    line takes it up when it asks for the inspector of the next part. A champion that cannot be
    used is refused, on record, and the old one stays.

    templates: the recipe's golden templates, the same for every champion of this run.
    """

    def __init__(self, registry: Registry, recipe: Recipe, log_event: LogEvent) -> None:
        """Open the champion that stands now; the line does not start without one.

        Raises RegistryError when there is none, BundleError or RecipeError when it cannot be used.
        """
        self._registry = registry
        self._recipe = recipe
        self._log_event = log_event
        self.templates = load_templates(recipe)
        self._stamp = registry.stamp()
        self._loader: threading.Thread | None = None
        self._loaded: Inspector | None = None
        self._current = self._open_champion()

    def inspector(self, part_number: int) -> Inspector:
        """The inspector for this part; costs one stat of the registry's log."""
        if self._loader is not None:
            if not self._loader.is_alive():
                self._loader = None
                self._take_up(part_number)
        elif (stamp := self._registry.stamp()) != self._stamp:
            self._stamp = stamp
            self._loader = threading.Thread(target=self._load, name="champion", daemon=True)
            self._loader.start()
        return self._current

    def _take_up(self, part_number: int) -> None:
        new, self._loaded = self._loaded, None
        if new is None or new.session.bundle.digest == self._current.session.bundle.digest:
            return
        old, self._current = self._current.session.bundle, new
        bundle = new.session.bundle
        self._log_event(
            "model_changed",
            {
                "from": old.label,
                "from_digest": old.digest,
                "to": bundle.label,
                "to_digest": bundle.digest,
                "first_part": part_number,
            },
        )

    def _load(self) -> None:
        try:
            self._loaded = self._open_champion()
        except (BundleError, RegistryError, RecipeError) as fault:
            self._log_event(
                "model_refused",
                {"kept": self._current.session.bundle.label, "fault": str(fault)},
            )

    def _open_champion(self) -> Inspector:
        choice = self._recipe.model
        bundle = self._registry.champion(choice.name)
        if bundle is None:
            raise RegistryError(
                f"{self._registry.folder}: no champion named {choice.name!r}; "
                "put one there with `passline commission`"
            )
        check_fits(self._recipe, bundle)
        session = ModelSession(bundle, choice.provider, choice.threads)
        return Inspector(session, self._recipe, self.templates)
