"""Who vouches for a bundle, and every way in which that can be untrue."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from models.bundle import open_bundle
from models.errors import BundleError, SigningError
from models.keys import check_public, new_key, public_file, read_private, read_public
from models.registry import Registry
from models.signature import SIGNATURE_FILE, check_trusted, write_signature

BundleMaker = Callable[..., Path]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "plant"
    path.parent.mkdir()
    new_key(path)
    return path


@pytest.fixture
def signed(spot_bundle: Path, key_file: Path) -> Path:
    sign(spot_bundle, key_file)
    return spot_bundle


def sign(folder: Path, key_file: Path) -> str:
    return write_signature(folder, open_bundle(folder).digest, read_private(key_file))


def rewrite_signature(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    path = folder / SIGNATURE_FILE
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def test_a_signed_bundle_says_who_signed_it_and_has_the_same_digest_as_before(
    spot_bundle: Path, key_file: Path
) -> None:
    before = open_bundle(spot_bundle)
    public = sign(spot_bundle, key_file)
    after = open_bundle(spot_bundle)
    assert (before.signed_by, after.signed_by) == ((), (public,))
    assert after.digest == before.digest
    check_trusted(after.label, after.signed_by, read_public(key_file.parent))


def test_an_unsigned_bundle_is_refused_where_keys_are_trusted(
    spot_bundle: Path, key_file: Path
) -> None:
    bundle = open_bundle(spot_bundle)
    check_trusted(bundle.label, bundle.signed_by, None)
    with pytest.raises(BundleError, match="spot-1 is not signed, and only bundles signed with one"):
        check_trusted(bundle.label, bundle.signed_by, read_public(public_file(key_file)))


def test_a_bundle_signed_with_another_key_is_refused(signed: Path, tmp_path: Path) -> None:
    other = new_key(tmp_path / "other")
    bundle = open_bundle(signed)
    with pytest.raises(BundleError, match=r"spot-1 is signed with ed25519:.*not among the 1"):
        check_trusted(bundle.label, bundle.signed_by, [other])


def test_an_altered_model_is_refused_though_it_is_signed(signed: Path) -> None:
    model = signed / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(BundleError, match=r"model\.onnx: SHA-256"):
        open_bundle(signed)


def test_an_altered_card_is_refused_though_it_fits_the_files(signed: Path) -> None:
    card = signed / "card.json"
    values = json.loads(card.read_text())
    values["limits"]["dark"]["score"] = 0.9
    card.write_text(json.dumps(values))
    with pytest.raises(BundleError, match="altered after it was signed"):
        open_bundle(signed)


def test_a_signature_moved_to_the_altered_card_is_not_genuine(signed: Path) -> None:
    from models.bundle import file_sha256

    card = signed / "card.json"
    card.write_text(card.read_text().replace("Apache-2.0", "MIT"))
    digest = file_sha256(card)
    rewrite_signature(signed, lambda values: values.update(card_sha256=digest))
    with pytest.raises(BundleError, match="is not genuine"):
        open_bundle(signed)


@pytest.mark.parametrize("field", ["signature", "signed_utc", "key"])
def test_an_altered_signature_is_refused(field: str, signed: Path, tmp_path: Path) -> None:
    others = {
        "signature": "A" * 86 + "==",
        "signed_utc": "2020-01-01T00:00:00+00:00",
        "key": new_key(tmp_path / "other"),
    }
    rewrite_signature(signed, lambda values: values["signatures"][0].update({field: others[field]}))  # type: ignore[index]
    with pytest.raises(BundleError, match="is not genuine: the file was altered"):
        open_bundle(signed)


@pytest.mark.parametrize("content", ["", "{", '{"format": 1}', '{"format": 2, "signatures": []}'])
def test_a_damaged_signature_file_is_refused_and_named(content: str, signed: Path) -> None:
    (signed / SIGNATURE_FILE).write_text(content)
    with pytest.raises(BundleError, match=r"signature\.json: no readable signature"):
        open_bundle(signed)


def test_keys_change_one_station_at_a_time(signed: Path, key_file: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new_public = new_key(new)
    sign(signed, new)
    sign(signed, new)
    bundle = open_bundle(signed)
    (old_public,) = read_public(public_file(key_file))
    assert bundle.signed_by == (old_public, new_public)
    for trusted in ([old_public], [old_public, new_public], [new_public]):
        check_trusted(bundle.label, bundle.signed_by, trusted)


def test_the_registry_keeps_signatures_and_takes_new_ones(
    spot_bundle: Path, key_file: Path, tmp_path: Path
) -> None:
    registry = Registry(tmp_path / "registry")
    assert registry.add(spot_bundle, "ada", "trained").signed_by == ()
    public = sign(spot_bundle, key_file)
    assert registry.add(spot_bundle, "ada", "signed now").signed_by == (public,)
    assert registry.bundle("spot-1").signed_by == (public,)
    assert len(registry.history()) == 1


def test_a_private_key_is_its_owners_alone(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o604):
        key_file.chmod(mode)
        with pytest.raises(SigningError, match=f"others may read .mode {mode:04o}"):
            read_private(key_file)


def test_a_key_is_never_overwritten(key_file: Path) -> None:
    before = key_file.read_bytes(), public_file(key_file).read_bytes()
    with pytest.raises(SigningError, match=r"plant\.pub: exists already"):
        new_key(key_file)
    assert (key_file.read_bytes(), public_file(key_file).read_bytes()) == before
    public_file(key_file).unlink()
    with pytest.raises(SigningError, match="plant: exists already; a key is never overwritten"):
        new_key(key_file)


@pytest.mark.parametrize("kept_bytes", [0, 40, 100])
def test_a_key_file_cut_off_is_refused(kept_bytes: int, key_file: Path) -> None:
    key_file.write_bytes(key_file.read_bytes()[:kept_bytes])
    with pytest.raises(SigningError, match=f"no whole private key.*{kept_bytes} bytes"):
        read_private(key_file)


def test_a_key_of_another_kind_or_a_public_one_is_refused(key_file: Path) -> None:
    public_file(key_file).chmod(0o600)
    with pytest.raises(SigningError, match="no whole private key"):
        read_private(public_file(key_file))
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key_file.write_bytes(X25519PrivateKey.generate().private_bytes(*pem))
    with pytest.raises(SigningError, match="expected an ed25519 key"):
        read_private(key_file)


def test_a_key_that_openssl_made_will_do(tmp_path: Path) -> None:
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path / "plant.pem"
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(*pem))
    path.chmod(0o600)
    read_private(path)


def test_public_keys_come_from_files_with_comments_and_from_folders(
    key_file: Path, tmp_path: Path
) -> None:
    second = new_key(key_file.with_name("second"))
    (first,) = read_public(public_file(key_file))
    assert read_public(key_file.parent) == (first, second)
    both = tmp_path / "both.pub"
    both.write_text(f"# of the plant\n{first}  # ada\n\n{second}\n")
    assert read_public(both) == (first, second)


@pytest.mark.parametrize(
    "text", ["", "ed25519:", "ed25519:AAAA", "rsa:AAAA", "ed25519:?" + "A" * 43]
)
def test_what_is_no_public_key_is_named(text: str, tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="no public key"):
        check_public(text)
    file = tmp_path / "some.pub"
    file.write_text(f"\n{text}\n")
    with pytest.raises(SigningError, match=r"some\.pub"):
        read_public(file)
