import numpy as np
import pytest

from gateway.imaging.color.light_field import LightField

SIZE = (40, 60)


def field(gains: np.ndarray, *, known: bool = True) -> LightField:
    y, x = np.mgrid[:80, :120].astype(np.float32) / 2 + 0.01
    place = np.stack([x, y]) * known
    return LightField(gains.astype(np.float32), place.astype(np.float32), SIZE)


@pytest.mark.parametrize("reduction", [1, 3, 8])
def test_one_gain_is_that_everywhere(reduction):
    cells = field(np.full((20, 30, 3), 1.3)).cells(reduction)
    assert cells.shape == (-(-80 // reduction), -(-120 // reduction), 3)
    assert cells == pytest.approx(1.3, rel=1e-5)


def test_a_slope_stays_where_it_is():
    gains = np.repeat(np.linspace(0.5, 1.5, 30)[None, :, None], 20, 0) * np.ones(3)
    cells = field(gains).cells(4)
    wanted = np.interp((np.arange(30) * 4 + 2) / 4 - 0.25, np.arange(30), gains[0, :, 0])
    assert cells[10, :, 0] == pytest.approx(wanted, abs=0.01)


def test_beyond_the_sheet_light_goes_on():
    light = field(np.full((20, 30, 3), 0.7))
    light.place[:, :, 60:] = 0
    cells = light.cells(4)
    assert cells == pytest.approx(0.7, rel=0.02)


def test_nowhere_on_the_sheet_there_is_no_change():
    assert field(np.full((20, 30, 3), 2.0), known=False).cells(4) == pytest.approx(1)
