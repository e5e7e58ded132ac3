"""What is left out under load: in its order, only where it is allowed, always noted."""

import pytest

from gateway.operations.brownout import (
    ENHANCEMENT_LEFT_OUT,
    FIGURES_LEFT_OUT,
    WITHOUT_ENHANCEMENT,
    WITHOUT_FIGURES,
    reduced,
)
from gateway.pipeline.options.swap import SwapOptions

ALL = {"processors": ["face_swapper", "face_enhancer", "frame_enhancer"]}


def options(**fields) -> SwapOptions:
    return SwapOptions.model_validate({"reduce_under_load": True, **fields})


def test_without_load_everything_is_done():
    made, notes = reduced(options(**ALL), WITHOUT_FIGURES - 0.01, report=True)
    assert notes == ()
    assert made.measures
    assert len(made.processors) == 3


def test_figures_go_first_then_enhancement():
    made, notes = reduced(options(**ALL), WITHOUT_FIGURES, report=True)
    assert notes == (FIGURES_LEFT_OUT,)
    assert not made.measures
    assert len(made.processors) == 3
    made, notes = reduced(options(**ALL), WITHOUT_ENHANCEMENT, report=True)
    assert notes == (FIGURES_LEFT_OUT, ENHANCEMENT_LEFT_OUT)
    assert made.processors == ("face_swapper",)


@pytest.mark.parametrize("pressure", [0.0, 0.5, 1.0])
def test_only_where_the_caller_allows_it(pressure):
    asked = SwapOptions.model_validate(ALL)
    assert reduced(asked, pressure, report=True) == (asked.reporting(), ())


def test_limits_that_need_figures_are_kept():
    asked = options(quality={"limits": {"max_identity_distance": 0.5}})
    made, notes = reduced(asked, 1.0, report=True)
    assert made.measures
    assert notes == ()


def test_who_asks_for_enhancement_alone_gets_it():
    made, notes = reduced(options(processors=["face_enhancer"]), 1.0, report=False)
    assert made.processors == ("face_enhancer",)
    assert notes == ()


def test_what_was_not_asked_for_is_not_noted():
    assert reduced(options(), 1.0, report=False)[1] == ()
