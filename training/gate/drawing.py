"""Small pictures for the report: the part, where its defect is, and where a model saw one."""

import base64
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.preprocess import FULL_SCALE
from training.data.pictures import read_picture
from training.gate.judging import JudgedPicture

LONGEST_PX = 360
_TRUTH_BGR = (178, 114, 0)  # blue: told from vermilion by the colour-blind, and in grey print
_FOUND_BGR = (0, 94, 213)  # vermilion
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 80]

Picture = NDArray[np.uint8]


def drawn(judged: JudgedPicture) -> str:
    """The picture as the data URL of a JPEG: labels outlined in blue, findings boxed in vermilion.

    Raises TrainingError when the picture or a mask cannot be read.
    """
    sample = judged.sample
    pixels = read_picture(sample.picture)
    scale = min(1.0, LONGEST_PX / max(pixels.shape))
    canvas = _small(pixels, sample.full_scale, scale)
    for label in sample.labels:
        _outline(canvas, label.paint((pixels.shape[0], pixels.shape[1])))
    left, top = (sample.region.left, sample.region.top) if sample.region else (0, 0)
    for finding in judged.findings:
        x0, y0, x1, y1 = finding.box_xyxy_px
        corners = [(x0 + left, y0 + top), (x1 + left, y1 + top)]
        begin, end = ((round(x * scale), round(y * scale)) for x, y in corners)
        cv2.rectangle(canvas, begin, end, _FOUND_BGR, 2)
    return _data_url(canvas)


def _small(pixels: NDArray[Any], full_scale: int | None, scale: float) -> Picture:
    highest = full_scale or FULL_SCALE[pixels.dtype]
    eight = np.clip(pixels * (255.0 / highest), 0, 255).astype(np.uint8)
    size_wh = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    small = cv2.resize(eight, size_wh, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR), np.uint8)


def _outline(canvas: Picture, mask: NDArray[np.bool_]) -> None:
    size_wh = canvas.shape[1], canvas.shape[0]
    small = cv2.resize(mask.astype(np.uint8), size_wh, interpolation=cv2.INTER_AREA)
    contours, _ = cv2.findContours(small, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(canvas, contours, -1, _TRUTH_BGR, 2)


def _data_url(canvas: Picture) -> str:
    _, content = cv2.imencode(".jpg", canvas, _JPEG)
    return f"data:image/jpeg;base64,{base64.b64encode(content.tobytes()).decode()}"
