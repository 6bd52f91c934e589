import csv
import hashlib
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from inspection.cli import KNOWN_FAULTS, app
from training.data.dataset import open_dataset
from training.data.lineage import LINEAGE_FILE, Lineage

importlib.import_module("inspection.cli.evaluate")  # registers the commands
RUNNER = CliRunner()
SIDE_PX = 64
FLOAT = onnx.TensorProto.FLOAT


def draw(path: Path, seed: int, spot_grey: int | None = None) -> Path:
    """A grey part like no other, with a spot of 8 x 8 px at (16, 24)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(120, 136, (SIDE_PX, SIDE_PX), np.uint8)
    if spot_grey is not None:
        pixels[24:32, 16:24] = spot_grey
    assert cv2.imwrite(str(path), pixels)
    return path


def spotted_parts(folder: Path) -> Path:
    """Six good parts; four with bright spots, one of them too faint to see; with masks."""
    for number in range(6):
        draw(folder / f"good/{number}.png", number)
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    mask[24:32, 16:24] = 255
    for number, grey in enumerate((250, 240, 230, 150)):
        draw(folder / f"bright/{number}.png", 10 + number, grey)
        assert cv2.imwrite(str(folder / f"bright/{number}_mask.png"), mask)
    return folder


def with_lineage(bundle: Path, parts: list[str]) -> Path:
    """The bundle, as one that learnt from these parts."""
    Lineage(learnt_from=tuple(parts)).write(bundle / LINEAGE_FILE)
    card = json.loads((bundle / "card.json").read_text())
    content = (bundle / LINEAGE_FILE).read_bytes()
    card["hashes"][LINEAGE_FILE] = hashlib.sha256(content).hexdigest()
    (bundle / "card.json").write_text(json.dumps(card))
    return bundle


def comparing_graph() -> onnx.ModelProto:
    """Probability of bright: 4 x 4 px well brighter than the template's; of dark: well darker."""
    helper = onnx.helper
    weight = np.array([[60.0, -60.0], [-60.0, 60.0]], np.float32).reshape(2, 2, 1, 1)
    bias = np.array([-12.0, -12.0], np.float32)
    side = SIDE_PX // 4
    graph = helper.make_graph(
        [
            helper.make_node(
                "AveragePool", ["image"], ["mean"], kernel_shape=[4, 4], strides=[4, 4]
            ),
            helper.make_node("Conv", ["mean", "weight", "bias"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["heat"]),
        ],
        "difference",
        [helper.make_tensor_value_info("image", FLOAT, [1, 2, SIDE_PX, SIDE_PX])],
        [helper.make_tensor_value_info("heat", FLOAT, [1, 2, side, side])],
        [
            onnx.numpy_helper.from_array(weight, "weight"),
            onnx.numpy_helper.from_array(bias, "bias"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def boards(folder: Path) -> Path:
    """Three boards with templates, each with a bright spot that the labels call a short."""
    for number in range(3):
        tracks = np.random.default_rng(number).integers(40, 160, (8, 8), np.uint8)
        template = cv2.resize(tracks, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_NEAREST)
        board = template.copy()
        board[24:32, 16:24] = 250
        pictures, labels = folder / "group00000/00000", folder / "group00000/00000_not"
        for path in (pictures, labels):
            path.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(pictures / f"{number}_test.jpg"), board)
        assert cv2.imwrite(str(pictures / f"{number}_temp.jpg"), template)
        (labels / f"{number}.txt").write_text("16 24 24 32 2\n")
    return folder


def test_where_no_part_is_good_healed_ones_are_measured(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    size = {"size_hw": [SIDE_PX, SIDE_PX], "template": True}
    bundle = make_bundle(version="pair", graph=comparing_graph(), card={"input": size})
    found = evaluate(bundle, boards(tmp_path / "set"))
    assert (found["pictures"], found["parts"], found["good_that_are_healed"]) == (3, 3, 3)
    assert (found["escapes"]["events"], found["escapes"]["n"]) == (0, 3)
    assert (found["false_rejects"]["events"], found["false_rejects"]["n"]) == (0, 3)
    assert found["auroc"] == 1.0


def test_a_bundle_that_compares_needs_templates(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    size = {"size_hw": [SIDE_PX, SIDE_PX], "template": True}
    bundle = make_bundle(version="pair", graph=comparing_graph(), card={"input": size})
    folder = spotted_parts(tmp_path / "set")
    result = RUNNER.invoke(app, ["evaluate", str(bundle), str(folder)])
    assert isinstance(result.exception, KNOWN_FAULTS)
    assert "0.png: no template; spot-pair compares each picture with one" in str(result.exception)


def evaluate(bundle: Path, folder: Path, *options: str) -> dict[str, Any]:
    result = RUNNER.invoke(app, ["evaluate", str(bundle), str(folder), "--json", *options])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_figure_comes_with_its_n_and_its_interval(spot_bundle: Path, tmp_path: Path) -> None:
    found = evaluate(spot_bundle, spotted_parts(tmp_path / "set"))
    assert (found["pictures"], found["good"], found["defective"]) == (10, 6, 4)
    assert (found["escapes"]["events"], found["escapes"]["n"]) == (1, 4)
    assert found["escapes"]["lower"] < 0.25 < found["escapes"]["upper"]
    assert found["escapes_by_class"]["bright"]["events"] == 1
    assert (found["false_rejects"]["events"], found["false_rejects"]["n"]) == (0, 6)
    assert found["auroc"] == 1.0
    assert found["auroc_interval"] == [1.0, 1.0]
    assert found["ap"] == found["part_auroc"] == 1.0
    assert found["aupro"] > 0.9
    assert found["map50"] is None  # masks are no boxes
    strict, loose = found["at_false_rejects_on_these_data"]
    assert (strict["share"], loose["share"]) == (0.01, 0.05)
    assert strict["escapes"]["events"] == 0
    assert 0 < found["judging_ms"]["p50"] <= found["judging_ms"]["p99"]
    assert found["data_sha256"] == open_dataset(tmp_path / "set").digest()
    assert "does not say what it learnt from" in found["notes"][0]


def test_a_person_is_shown_a_table(spot_bundle: Path, tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["evaluate", str(spot_bundle), str(spotted_parts(tmp_path / "s"))])
    assert result.exit_code == 0, result.output
    for words in ("10 pictures of 10 parts", "escapes, bright", "AUPRO", "ms a picture"):
        assert words in result.stdout


def test_parts_that_the_bundle_learnt_from_are_left_out_and_counted(
    spot_bundle: Path, tmp_path: Path
) -> None:
    folder = spotted_parts(tmp_path / "set")
    learnt = [sample.part for sample in open_dataset(folder).samples if sample.is_good][:2]
    bundle = with_lineage(spot_bundle, learnt)
    found = evaluate(bundle, folder)
    assert (found["pictures"], found["pictures_learnt_from"]) == (8, 2)
    assert found["learnt_from_measured_too"] is False
    assert found["false_rejects"]["n"] == 4
    found = evaluate(bundle, folder, "--all")
    assert (found["pictures"], found["pictures_learnt_from"]) == (10, 2)
    assert found["learnt_from_measured_too"] is True


def test_a_part_learnt_from_is_known_in_another_folder_by_another_name(
    spot_bundle: Path, tmp_path: Path
) -> None:
    folder = spotted_parts(tmp_path / "set")
    bundle = with_lineage(spot_bundle, [sample.part for sample in open_dataset(folder).samples])
    draw(tmp_path / "other/good/0.png", 99)  # a name that was learnt from, and another part
    (tmp_path / "other/good/z.png").write_bytes((folder / "good/0.png").read_bytes())
    found = evaluate(bundle, tmp_path / "other")
    assert (found["pictures"], found["pictures_learnt_from"]) == (1, 1)


def test_where_all_was_learnt_from_there_is_nothing_to_measure(
    spot_bundle: Path, tmp_path: Path
) -> None:
    folder = spotted_parts(tmp_path / "set")
    bundle = with_lineage(spot_bundle, [sample.part for sample in open_dataset(folder).samples])
    result = RUNNER.invoke(app, ["evaluate", str(bundle), str(folder)])
    assert isinstance(result.exception, KNOWN_FAULTS)
    assert "all 10 pictures are of parts that spot-1 learnt from" in str(result.exception)


def test_pictures_of_one_part_are_fused(spot_bundle: Path, tmp_path: Path) -> None:
    folder = spotted_parts(tmp_path / "set")
    rows = ["image,part", *(f"good/{n}.png,g{n // 2}" for n in range(6))]
    rows += [f"bright/{n}.png,b{n // 2}" for n in range(4)]
    (folder / "parts.csv").write_text("\n".join(rows))
    found = evaluate(spot_bundle, folder)
    assert (found["pictures"], found["parts"]) == (10, 5)
    assert found["part_auroc"] == 1.0


def test_boxes_are_measured_where_boxes_are_labelled(spot_bundle: Path, tmp_path: Path) -> None:
    for number, grey in enumerate((250, 240, 150)):
        draw(tmp_path / f"images/{number}.png", number, grey)
        (tmp_path / "labels").mkdir(exist_ok=True)
        x, y = 20 / SIDE_PX, 28 / SIDE_PX
        (tmp_path / f"labels/{number}.txt").write_text(f"0 {x} {y} 0.125 0.125\n")
    draw(tmp_path / "images/good.png", 9)
    (tmp_path / "classes.txt").write_text("bright\n")
    found = evaluate(spot_bundle, tmp_path)
    assert found["boxes"] == 3
    assert found["pooled_ap33"] == pytest.approx(2 / 3)
    assert found["map50"] == pytest.approx(67 / 101)
    assert found["ap50_by_class"] == {"bright": pytest.approx(67 / 101)}
    assert found["f"] == pytest.approx(2 * 2 / (2 + 3))
    assert found["aupro"] is None


def test_a_list_says_what_is_measured(spot_bundle: Path, tmp_path: Path) -> None:
    folder = spotted_parts(tmp_path / "set")
    (tmp_path / "list.txt").write_text("good/0.png\nbright/1.png\n")
    assert evaluate(spot_bundle, folder, "--list", str(tmp_path / "list.txt"))["pictures"] == 2


def test_a_picture_without_an_answer_is_rejected_as_on_the_line(
    constant_bundle: Callable[[float], Path], tmp_path: Path
) -> None:
    found = evaluate(constant_bundle(float("nan")), spotted_parts(tmp_path / "set"))
    assert found["unjudged"] == 10
    assert found["escapes"]["events"] == 0
    assert found["false_rejects"]["events"] == 6


def test_bad_files_are_all_named_and_left_out_when_told_to(
    spot_bundle: Path, tmp_path: Path
) -> None:
    folder = spotted_parts(tmp_path / "set")
    (folder / "good/torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "good/empty.png").write_bytes(b"")
    result = RUNNER.invoke(app, ["evaluate", str(spot_bundle), str(folder)])
    assert isinstance(result.exception, KNOWN_FAULTS)
    for words in ("2 faults", "torn.png: the file is cut short", "empty.png: the file is empty"):
        assert words in str(result.exception)
    found = evaluate(spot_bundle, folder, "--skip-bad")
    assert found["pictures"] == 10
    assert len(found["left_out"]) == 2


def test_evaluate_and_inspect_run_where_torch_is_not_installed(
    spot_bundle: Path, tmp_path: Path
) -> None:
    folder = spotted_parts(tmp_path / "set")
    code = (
        "import sys; sys.modules['torch'] = None; from inspection.cli import app; "
        "import inspection.cli.evaluate; "
        "app(['evaluate', *sys.argv[1:]], standalone_mode=False); "
        "app(['inspect', *sys.argv[1:]], standalone_mode=False)"
    )
    command = [sys.executable, "-c", code, str(spot_bundle), str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "bright/0.png  reject" in ran.stdout


def test_inspect_looks_into_nested_folders_and_spells_odd_names_out(
    spot_bundle: Path, tmp_path: Path
) -> None:
    draw(tmp_path / "a/b/c.png", 1, 250)
    odd = Path(os.fsdecode(os.fsencode(tmp_path / "a") + b"/\xff.png"))
    draw(tmp_path / "a/x.png", 2).rename(odd)
    result = RUNNER.invoke(app, ["inspect", str(spot_bundle), str(tmp_path / "a"), "--csv"])
    assert result.exit_code == 0, result.output
    rows = {row["picture"]: row for row in csv.DictReader(result.stdout.splitlines())}
    assert rows["b/c.png"]["verdict"] == "reject"
    assert rows["\\udcff.png"]["verdict"] == "pass"
    assert 0.0 < float(rows["\\udcff.png"]["score"]) < 0.2


def test_a_folder_that_cannot_be_read_stops_an_inspection(
    spot_bundle: Path, tmp_path: Path
) -> None:
    """Otherwise its parts would count as inspected. Rights do not bind root: a nobody looks."""
    closed = draw(tmp_path / "set/closed/x.png", 1).parent
    draw(tmp_path / "set/y.png", 2)
    closed.chmod(0)
    code = (
        "import os, sys; from pathlib import Path; from training.data.faults import Faults; "
        "from training.data.layouts.reading import walk; faults = Faults(); "
        "os.chdir(sys.argv[1]); os.getuid() or os.setuid(65534); "
        "walk(Path('.'), faults); faults.settle('set', skip=False)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "set")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    closed.chmod(0o755)
    assert "TrainingError: ./closed: the folder cannot be read: Permission denied" in ran.stderr
