"""A bundle's signatures: a file beside its card, over the card's digest.

The card names the hashes of all other files, so who signs the card has signed them too.
"""

import base64
import os
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError

from models.errors import BundleError, SigningError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE_FILE = "signature.json"
_PURPOSE = b"passline bundle signature 1\0"


class Signature(BaseModel):
    """One signature: whose key, when, and 64 bytes over the card's digest and that time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    signed_utc: str
    signature: Base64Bytes


class Signatures(BaseModel):
    """The signature file; card_sha256 says which card was signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    card_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    signatures: Annotated[tuple[Signature, ...], Field(min_length=1)]


def signers(folder: Path, digest: str) -> tuple[str, ...]:
    """The public keys that signed the bundle with this card digest; none where it is unsigned.

    Says nothing of whether anybody trusts them. Raises BundleError for a signature file that is
    damaged, of another card, or that its own key did not make.
    """
    from models.keys import is_signed

    path = folder / SIGNATURE_FILE
    if not path.exists():
        return ()
    found = _read(path)
    if found.card_sha256 != digest:
        raise BundleError(
            f"{path}: signs a card with SHA-256 {found.card_sha256}, the card beside it has "
            f"{digest}: it was altered after it was signed, or the signature is another bundle's; "
            "copy the bundle again, or delete the file to have it unsigned"
        )
    for each in found.signatures:
        try:
            genuine = is_signed(_message(digest, each.signed_utc), each.signature, each.key)
        except SigningError as error:
            raise BundleError(f"{path}: {error}") from error
        if not genuine:
            raise BundleError(
                f"{path}: the signature of {each.key} is not genuine: the file was altered; "
                "sign the bundle again with `passline sign`"
            )
    return tuple(each.key for each in found.signatures)


def write_signature(folder: Path, digest: str, key: "Ed25519PrivateKey") -> str:
    """Sign the bundle with this card digest, and give the public key.

    Signatures of other keys stay, so that keys can be changed one station at a time. Raises
    BundleError when the file cannot be written.
    """
    from models.keys import public_text

    path, public = folder / SIGNATURE_FILE, public_text(key)
    now_utc = datetime.now(UTC).isoformat(timespec="seconds")
    mine = Signature(
        key=public,
        signed_utc=now_utc,
        signature=base64.b64encode(key.sign(_message(digest, now_utc))),
    )
    known = _read(path).signatures if path.exists() else ()
    kept = tuple(each for each in known if each.key != public)
    signed = Signatures(card_sha256=digest, signatures=(*kept, mine))
    _replace(path, signed.model_dump_json(indent=2) + "\n")
    return public


def copy_signature(source: Path, target: Path) -> None:
    """Give a copy of a bundle the signatures that the bundle in `source` has, if it has any."""
    if (source / SIGNATURE_FILE).exists():
        text = (source / SIGNATURE_FILE).read_text(encoding="utf-8")
        _replace(target / SIGNATURE_FILE, text)


def check_trusted(label: str, signed_by: Collection[str], trusted: Collection[str] | None) -> None:
    """Raise BundleError unless one of the trusted keys signed; None trusts everything."""
    if trusted is None or set(signed_by) & set(trusted):
        return
    if not signed_by:
        raise BundleError(
            f"{label} is not signed, and only bundles signed with one of {len(trusted)} trusted "
            "keys are accepted: `passline sign BUNDLE --key FILE`"
        )
    raise BundleError(
        f"{label} is signed with {', '.join(signed_by)}, which is not among the {len(trusted)} "
        "trusted keys: sign it with one of those, or add the key to them"
    )


def _message(digest: str, signed_utc: str) -> bytes:
    return _PURPOSE + bytes.fromhex(digest) + signed_utc.encode()


def _read(path: Path) -> Signatures:
    try:
        return Signatures.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise BundleError(
            f"{path}: no readable signature, altered or cut off; sign the bundle again, or delete "
            f"the file to have it unsigned: {error}"
        ) from error


def _replace(path: Path, text: str) -> None:
    """Write a file so that it is whole, old or new; the part that is not whole lies elsewhere."""
    partial = path.parent.parent / f".{path.parent.name}.{path.name}"
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise BundleError(f"{path}: cannot be written: {error}") from error
