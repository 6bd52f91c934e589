"""The pixel formats that a camera may send: PFNC's names and codes, and what each is made of."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import cv2

from camera.frame import FrameError
from camera.packed import Packing, gige_packed, grouped, lsb_packed


class Colour(Enum):
    """What samples become before they are a picture: OpenCV's code for it, where it has one.

    OpenCV names a mosaic by the second line's second and third pixel, PFNC by the first line's
    first two: PFNC's RG is OpenCV's BG.
    """

    AS_SENT = 0
    MOSAIC_RG = cv2.COLOR_BayerBG2RGB
    MOSAIC_GR = cv2.COLOR_BayerGB2RGB
    MOSAIC_GB = cv2.COLOR_BayerGR2RGB
    MOSAIC_BG = cv2.COLOR_BayerRG2RGB
    BLUE_FIRST = cv2.COLOR_BGR2RGB
    YUYV = -1
    UYVY = -2


MOSAICS = frozenset({Colour.MOSAIC_RG, Colour.MOSAIC_GR, Colour.MOSAIC_GB, Colour.MOSAIC_BG})
YUV = frozenset({Colour.YUYV, Colour.UYVY})


@dataclass(frozen=True, slots=True)
class WireFormat:
    """A pixel format as a camera sends it.

    pfnc: its code; None for a maker's own, which has no public one.
    pixel_format: the unpacked form that a Frame holds in its stead.
    packing: how samples share bytes; None where each has its own one or two.
    """

    pfnc: int | None
    pixel_format: str
    colour: Colour = Colour.AS_SENT
    packing: Packing | None = None


def _mono() -> Iterator[tuple[str, WireFormat]]:
    for bits, code in {8: 0x0108_0001, 10: 0x0110_0003, 12: 0x0110_0005,
                       14: 0x0110_0025, 16: 0x0110_0007}.items():  # fmt: skip
        yield f"Mono{bits}", WireFormat(code, f"Mono{bits}")
    packed: tuple[tuple[str, int | None, int, Packing], ...] = (
        ("Mono10p", 0x010A_0046, 10, lsb_packed(10)),
        ("Mono12p", 0x010C_0047, 12, lsb_packed(12)),
        ("Mono14p", 0x010E_0104, 14, lsb_packed(14)),
        ("Mono10Packed", 0x010C_0004, 10, gige_packed(10)),
        ("Mono12Packed", 0x010C_0006, 12, gige_packed(12)),
        ("Mono10g40IDS", None, 10, grouped(10, samples=4)),
        ("Mono12g24IDS", None, 12, grouped(12, samples=2)),
    )
    for name, code, bits, packing in packed:
        yield name, WireFormat(code, f"Mono{bits}", packing=packing)


def _bayer() -> Iterator[tuple[str, WireFormat]]:
    tiles: dict[str, tuple[Colour, tuple[int | None, ...]]] = {
        "RG": (Colour.MOSAIC_RG, (0x0108_0009, 0x0110_000D, 0x0110_0011, 0x0110_002F,
                                  0x010A_0058, 0x010C_0059, 0x010C_0027, 0x010C_002B)),
        "GR": (Colour.MOSAIC_GR, (0x0108_0008, 0x0110_000C, 0x0110_0010, 0x0110_002E,
                                  0x010A_0056, 0x010C_0057, 0x010C_0026, 0x010C_002A)),
        "GB": (Colour.MOSAIC_GB, (0x0108_000A, 0x0110_000E, 0x0110_0012, 0x0110_0030,
                                  0x010A_0054, 0x010C_0055, 0x010C_0028, 0x010C_002C)),
        "BG": (Colour.MOSAIC_BG, (0x0108_000B, 0x0110_000F, 0x0110_0013, 0x0110_0031,
                                  0x010A_0052, 0x010C_0053, 0x010C_0029, 0x010C_002D)),
    }  # fmt: skip
    forms: tuple[tuple[str, int, Packing | None], ...] = (
        ("8", 8, None),
        ("10", 10, None),
        ("12", 12, None),
        ("16", 16, None),
        ("10p", 10, lsb_packed(10)),
        ("12p", 12, lsb_packed(12)),
        ("10Packed", 10, gige_packed(10)),
        ("12Packed", 12, gige_packed(12)),
        ("10g40IDS", 10, grouped(10, samples=4)),
        ("12g24IDS", 12, grouped(12, samples=2)),
    )
    for tile, (colour, codes) in tiles.items():
        for (form, bits, packing), code in zip(forms, (*codes, None, None), strict=True):
            yield f"Bayer{tile}{form}", WireFormat(code, f"RGB{bits}", colour, packing)


def _colour() -> Iterator[tuple[str, WireFormat]]:
    codes = {8: (0x0218_0014, 0x0218_0015), 10: (0x0230_0018, 0x0230_0019),
             12: (0x0230_001A, 0x0230_001B), 16: (0x0230_0033, 0x0230_004B)}  # fmt: skip
    for bits, (rgb, bgr) in codes.items():
        yield f"RGB{bits}", WireFormat(rgb, f"RGB{bits}")
        yield f"BGR{bits}", WireFormat(bgr, f"RGB{bits}", Colour.BLUE_FIRST)
    yield "YUV422_8", WireFormat(0x0210_0032, "RGB8", Colour.YUYV)
    yield "YUV422_8_UYVY", WireFormat(0x0210_001F, "RGB8", Colour.UYVY)


WIRE_FORMATS: dict[str, WireFormat] = dict((*_mono(), *_bayer(), *_colour()))
"""By PFNC's name. Codes: EMVA, GenICam Pixel Format Naming Convention 2.4, table of values."""

NAME_BY_PFNC = {wire.pfnc: name for name, wire in WIRE_FORMATS.items() if wire.pfnc is not None}


def check_known(pixel_format: str) -> None:
    """Raise FrameError, with the names that are near, unless the station knows this wire format."""
    if pixel_format in WIRE_FORMATS:
        return
    near = difflib.get_close_matches(pixel_format, WIRE_FORMATS, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise FrameError(
        f"pixel format {pixel_format} is not known; {hint}known are {', '.join(WIRE_FORMATS)}"
    )


def wire_name(pfnc: int | None, camera_says: str) -> str:
    """The wire format of a buffer by its code, and by the camera's feature where it has none.

    A code that is not in PFNC is a maker's own: then the camera's feature names the format, if that
    is one without a public code. Otherwise the code comes back in hex, which no format is called.
    """
    if not pfnc:
        return camera_says
    named = WIRE_FORMATS.get(camera_says)
    own = named is not None and named.pfnc is None
    return NAME_BY_PFNC.get(pfnc, camera_says if own else hex(pfnc))
