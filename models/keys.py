"""Keys that bundles are signed with: ed25519, as files, and as the text that a recipe trusts.

A private key is a PEM file (PKCS 8) that nobody but its owner may read. A public key is one word,
`ed25519:` and 32 bytes in base64, which fits on a line of a recipe. Why these: docs/decisions/0013.
"""

import base64
import binascii
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from models.errors import SigningError

PUBLIC_SUFFIX = ".pub"
_PREFIX = "ed25519:"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def new_key(path: Path) -> str:
    """Make a key: the private one in `path`, the public one, which this gives, in `path`.pub.

    Raises SigningError when either file exists or cannot be written: a key is never overwritten.
    """
    private = Ed25519PrivateKey.generate()
    public = public_text(private)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    beside = public_file(path)
    if beside.exists():
        raise SigningError(f"{beside}: exists already; a key is never overwritten: name another")
    _write_new(path, pem, 0o600)
    _write_new(beside, f"{public}\n".encode(), 0o644)
    return public


def read_private(path: Path) -> Ed25519PrivateKey:
    """The private key in a file. Raises SigningError when others may read it, or it is no key."""
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise SigningError(f"{path}: cannot be read: {error.strerror}") from error
    if mode & _OTHERS:
        raise SigningError(
            f"{path}: a private key that others may read (mode {stat.S_IMODE(mode):04o}, expected "
            f"0600): chmod 600 {path}, and make a new key if somebody may have read it"
        )
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningError(
            f"{path}: no whole private key in PEM without a password ({len(content)} bytes); "
            "`passline keys new FILE` makes one"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningError(f"{path}: expected an ed25519 key, got {type(key).__name__}")
    return key


def read_public(path: Path) -> tuple[str, ...]:
    """The public keys in a file, or in all `.pub` files of a folder; one a line, # for comments.

    Raises SigningError where there is none, or a line is no key.
    """
    files = sorted(path.glob(f"*{PUBLIC_SUFFIX}")) if path.is_dir() else [path]
    keys = tuple(key for file in files for key in _keys_in(file))
    if not keys:
        raise SigningError(
            f"{path}: no public key; expected lines such as {_PREFIX}..., as "
            f"`passline keys new FILE` writes them to FILE{PUBLIC_SUFFIX}"
        )
    return keys


def check_public(text: str) -> str:
    """The text of a public key, if it is one. Raises SigningError."""
    _public(text)
    return text


def public_text(key: Ed25519PrivateKey) -> str:
    """The public key of a private one, as text."""
    return _PREFIX + base64.b64encode(key.public_key().public_bytes_raw()).decode()


def public_file(path: Path) -> Path:
    """Where the public key of the private key in `path` lies."""
    return path.with_name(path.name + PUBLIC_SUFFIX)


def is_signed(message: bytes, signature: bytes, public: str) -> bool:
    """True when the owner of this public key signed the message. Raises SigningError for no key."""
    try:
        _public(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _public(text: str) -> Ed25519PublicKey:
    try:
        if not text.startswith(_PREFIX):
            raise ValueError
        return Ed25519PublicKey.from_public_bytes(
            base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        )
    except (ValueError, binascii.Error) as error:
        raise SigningError(
            f"{text[:80]!r} is no public key: expected {_PREFIX} and 32 bytes in base64, as "
            "`passline keys new FILE` prints it"
        ) from error


def _keys_in(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SigningError(f"{path}: no readable public key: {error}") from error
    keys: list[str] = []
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if text:
            try:
                keys.append(check_public(text))
            except SigningError as error:
                raise SigningError(f"{path}, line {number}: {error}") from error
    return keys


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that is not there yet, durably, readable from its first byte by `mode` alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise SigningError(
            f"{path}: exists already; a key is never overwritten: name another"
        ) from error
    except OSError as error:
        raise SigningError(f"{path}: cannot be written: {error.strerror}") from error
