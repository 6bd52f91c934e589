"""What starts a camera's pictures, as a recipe says it."""

import pytest

from camera.triggers import FreeRun, LineTrigger, SoftwareTrigger, TriggerPlan
from inspection.errors import RecipeError
from inspection.recipe import parse_recipe

RECIPE = """
product = "plate"
[camera]
id = "front"
{trigger}
[camera.device]
{device}
[model]
name = "plate"
[gate]
kind = "simulated"
"""
GENICAM = 'source = "genicam"\nproducers = ["p.cti"]\nserial = "1"'


def load(trigger: str, device: str = GENICAM) -> None:
    parse_recipe(RECIPE.format(trigger=trigger, device=device), "test")


@pytest.mark.parametrize(
    ("trigger", "plan"),
    [
        ('mode = "free"', FreeRun()),
        ('mode = "free"\nrate_hz = 12.5', FreeRun(12.5)),
        ('mode = "software"\nrate_hz = 5.0', SoftwareTrigger(5.0)),
        ('mode = "line"', LineTrigger("Line0", "RisingEdge")),
        ('mode = "line"\nline = "Line3"\nactivation = "AnyEdge"', LineTrigger("Line3", "AnyEdge")),
    ],
)
def test_a_recipe_says_what_starts_a_picture(trigger: str, plan: TriggerPlan) -> None:
    text = RECIPE.format(trigger=f"[camera.trigger]\n{trigger}", device=GENICAM)
    said = parse_recipe(text, "test").cameras[0].trigger
    assert said is not None
    assert (said.plan, said.max_wait_ms) == (plan, 1000.0)


def test_a_delay_behind_the_edge_is_a_feature_like_any_other() -> None:
    delay = '[camera.device.features]\nTriggerDelay = 500.0\nTriggerSelector = "FrameStart"'
    load('[camera.trigger]\nmode = "line"', f"{GENICAM}\n{delay}")


@pytest.mark.parametrize(
    ("trigger", "device", "message"),
    [
        ('mode = "software"', GENICAM, r"camera\.trigger\.software\.rate_hz: Field required"),
        ('mode = "line"\nactivation = "Rising"', GENICAM, "RisingEdge"),
        ('mode = "line"\nrate_hz = 5.0', GENICAM, r"rate_hz: no such key"),
        ('mode = "button"', GENICAM, "'free', 'software', 'line'"),
        ('mode = "line"\nmax_wait_ms = 0.0', GENICAM, "max_wait_ms"),
        ('mode = "line"', 'source = "rendered"', "only a genicam camera has a trigger"),
        (
            'mode = "line"',
            f'{GENICAM}\n[camera.device.features]\n"TriggerMode[FrameStart]" = "On"',
            r"under trigger or as TriggerMode\[FrameStart\], not as both",
        ),
    ],
)
def test_a_trigger_that_cannot_be_is_refused_with_the_recipe(
    trigger: str, device: str, message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        load(f"[camera.trigger]\n{trigger}", device)
