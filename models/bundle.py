"""A bundle: a folder with `model.onnx` and its card, refused unless they agree."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from models.card import CARD_FILE, Card, read_card
from models.errors import BundleError
from models.signature import SIGNATURE_FILE, signers

MODEL_FILE = "model.onnx"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on disk whose files are what the card says.

    digest: SHA-256 of the card file; it names the whole bundle, since the card names the hashes
    of all other files.
    signed_by: the public keys whose signatures on it are genuine; whether they are trusted is
    another question.
    """

    folder: Path
    card: Card
    digest: str
    signed_by: tuple[str, ...] = ()

    @property
    def model_path(self) -> Path:
        return self.folder / MODEL_FILE

    @property
    def label(self) -> str:
        return f"{self.card.name}-{self.card.version}"


def open_bundle(folder: Path) -> Bundle:
    """The bundle in `folder`, every file checked against the card's hashes, and its signatures.

    Raises BundleError naming the file, the hash on the card and the hash found.
    The graph itself is checked when a session opens it.
    """
    card = read_card(folder)
    for name, expected in card.hashes.items():
        if Path(name).name != name or name in (CARD_FILE, SIGNATURE_FILE):
            raise BundleError(f"{folder}: the card hashes {name!r}, which is not a file beside it")
        found = file_sha256(folder / name)
        if found != expected:
            raise BundleError(
                f"{folder / name}: SHA-256 is {found}, the card says {expected}; "
                "the file was altered or cut off: copy the bundle again from its source"
            )
    beside = {CARD_FILE, SIGNATURE_FILE}
    strays = {path.name for path in folder.iterdir()} - set(card.hashes) - beside
    if strays:
        raise BundleError(f"{folder}: files the card does not name: {', '.join(sorted(strays))}")
    digest = file_sha256(folder / CARD_FILE)
    return Bundle(folder, card, digest, signers(folder, digest))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex. Raises BundleError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error}") from error
