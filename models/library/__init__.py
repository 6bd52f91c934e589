"""The bundles that ship with Passline."""

from pathlib import Path

from models.card import CARD_FILE, read_card
from models.errors import BundleError

_FOLDER = Path(__file__).parent


def library_bundle(name: str) -> Path:
    """The folder of the shipped bundle of this name, the newest version where there are several.

    Raises BundleError when none ships under that name.
    """
    folders = sorted(card.parent for card in _FOLDER.glob(f"*/{CARD_FILE}"))
    named = [folder for folder in folders if read_card(folder).name == name]
    if not named:
        known = ", ".join(sorted({read_card(folder).name for folder in folders})) or "none"
        raise BundleError(f"no bundle named {name!r} ships with Passline; here are: {known}")
    return named[-1]
