from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from models.bundle import open_bundle
from models.errors import BundleError, InferenceError
from models.providers import CUDA, TENSORRT, options_of
from models.session import ModelSession

BundleMaker = Callable[..., Path]
Picture = NDArray[np.uint8]


def test_a_spot_is_found_where_it_is(spot_bundle: Path, spotted_picture: Picture) -> None:
    findings = ModelSession(open_bundle(spot_bundle)).predict(spotted_picture).findings
    assert [finding.class_name for finding in findings] == ["bright"]
    assert findings[0].box_xyxy_px == (16, 24, 24, 32)
    assert findings[0].area_px == 64
    assert findings[0].score > 0.99
    assert findings[0].area_mm2(0.5) == 16


def test_a_good_part_has_no_findings(spot_bundle: Path, grey_picture: Picture) -> None:
    assert ModelSession(open_bundle(spot_bundle)).predict(grey_picture).findings == ()


def test_findings_of_a_larger_picture_are_in_its_own_pixels(
    spot_bundle: Path, spotted_picture: Picture
) -> None:
    large = spotted_picture.repeat(4, axis=0).repeat(2, axis=1)
    findings = ModelSession(open_bundle(spot_bundle)).predict(large).findings
    assert findings[0].box_xyxy_px == (32, 96, 48, 128)
    assert findings[0].area_px == 64 * 8


def test_findings_of_a_region_are_in_pixels_of_the_whole_picture(
    spot_bundle: Path, spotted_picture: Picture
) -> None:
    session = ModelSession(open_bundle(spot_bundle))
    findings = session.predict(spotted_picture, origin_px=(100, 200)).findings
    assert findings[0].box_xyxy_px == (116, 224, 124, 232)


def test_the_same_picture_gives_the_same_bits(spot_bundle: Path, spotted_picture: Picture) -> None:
    bundle = open_bundle(spot_bundle)
    first, second = (ModelSession(bundle).predict(spotted_picture) for _ in range(2))
    assert first.findings == second.findings
    assert np.array_equal(first.output, second.output)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.5, 1.5])
def test_an_answer_that_is_no_probability_is_no_answer(
    value: float, constant_bundle: Callable[[float], Path], grey_picture: Picture
) -> None:
    session = ModelSession(open_bundle(constant_bundle(value)))
    with pytest.raises(InferenceError, match="not a probability"):
        session.predict(grey_picture)


def test_one_nan_in_the_map_is_no_answer(spot_bundle: Path) -> None:
    from models.decode import decode
    from models.findings import Placement

    heat = np.zeros((1, 2, 16, 16), np.float32)
    heat[0, 1, 7, 9] = np.nan
    with pytest.raises(InferenceError, match="'dark'"):
        decode(heat, open_bundle(spot_bundle).card, Placement())


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((64, 64, 3), np.uint8),
        np.zeros((64, 64), np.float32),
        np.zeros((0, 64), np.uint8),
    ],
    ids=["colour where mono is expected", "floats", "empty"],
)
def test_a_picture_that_does_not_fit_the_card_is_no_answer(
    picture: NDArray[np.generic], spot_bundle: Path
) -> None:
    with pytest.raises(InferenceError, match="the card wants uint8 or uint16 with 1 channel"):
        ModelSession(open_bundle(spot_bundle)).predict(picture)


def test_sixteen_bits_are_judged_like_eight(spot_bundle: Path, spotted_picture: Picture) -> None:
    session = ModelSession(open_bundle(spot_bundle))
    eight = session.predict(spotted_picture)
    sixteen = session.predict(spotted_picture.astype(np.uint16) * 257)
    twelve = session.predict((spotted_picture.astype(np.uint16) * 16), full_scale=4080)
    assert eight.findings[0].box_xyxy_px == sixteen.findings[0].box_xyxy_px
    assert np.allclose(eight.output, sixteen.output, atol=1e-6)
    assert np.allclose(eight.output, twelve.output, atol=1e-6)


def test_a_provider_that_is_not_here_is_refused_not_replaced(spot_bundle: Path) -> None:
    with pytest.raises(BundleError, match="'NoSuchProvider' is not in this onnxruntime"):
        ModelSession(open_bundle(spot_bundle), provider="NoSuchProvider")


@pytest.mark.parametrize("provider", [CUDA, TENSORRT])
@pytest.mark.skipif("CUDAExecutionProvider" in ort.get_available_providers(), reason="has CUDA")
def test_a_station_without_a_gpu_is_told_what_to_install(spot_bundle: Path, provider: str) -> None:
    with pytest.raises(BundleError, match=f"'{provider}' is not in .* install onnxruntime-gpu"):
        ModelSession(open_bundle(spot_bundle), provider)


def test_tensorrt_keeps_its_engines_with_the_user_and_not_in_the_bundle(
    spot_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = open_bundle(spot_bundle)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    engines = tmp_path / "cache/passline/tensorrt" / bundle.digest
    assert options_of(TENSORRT, bundle)["trt_engine_cache_path"] == str(engines)
    assert engines.is_dir()
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(BundleError, match="no place for TensorRT's engine"):
        options_of(TENSORRT, bundle)


def test_a_provider_that_onnxruntime_silently_replaces_is_refused(spot_bundle: Path) -> None:
    """Azure's provider is in the wheel and, alone, ends up on the CPU after all."""
    with pytest.raises(BundleError, match="refuses it"):
        ModelSession(open_bundle(spot_bundle), provider="AzureExecutionProvider")


def test_a_graph_of_another_size_than_the_card_is_refused(make_bundle: BundleMaker) -> None:
    bundle = open_bundle(make_bundle(card={"input": {"size_hw": [128, 64]}}))
    with pytest.raises(BundleError, match=r"graph inputs are .*64, 64.*the card says"):
        ModelSession(bundle)


def test_a_graph_with_another_stride_than_the_card_is_refused(make_bundle: BundleMaker) -> None:
    output = {"name": "heat", "kind": "heatmap", "stride": 8}
    with pytest.raises(BundleError, match=r"graph outputs are .*the card says"):
        ModelSession(open_bundle(make_bundle(card={"output": output})))


def test_a_file_that_is_not_a_graph_is_refused(make_bundle: BundleMaker) -> None:
    import hashlib

    junk = b"not an onnx file"
    folder = make_bundle(card={"hashes": {"model.onnx": hashlib.sha256(junk).hexdigest()}})
    (folder / "model.onnx").write_bytes(junk)
    with pytest.raises(BundleError, match="onnxruntime refuses it"):
        ModelSession(open_bundle(folder))
