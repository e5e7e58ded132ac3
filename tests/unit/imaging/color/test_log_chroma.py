import numpy as np
import pytest

from gateway.imaging.color.log_chroma import BLUE, RED, features_of_logs, logs_of_features


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back(dtype):
    logs = np.random.default_rng(0).uniform(2, 6, (9, 7, 3)).astype(dtype)
    back = logs_of_features(features_of_logs(logs))
    assert back.dtype == dtype
    assert back == pytest.approx(logs, abs=1e-5)


def test_light_changes_brightness_alone():
    logs = np.random.default_rng(1).uniform(2, 5, (50, 3))
    brighter = features_of_logs(logs + 0.7) - features_of_logs(logs)
    assert brighter == pytest.approx(np.tile([0.7, 0, 0], (50, 1)), abs=1e-12)


def test_each_feature_by_name():
    assert features_of_logs(np.array([1.0, 0, 0])) == pytest.approx([RED, 1, 0])
    assert features_of_logs(np.array([0, 0, 1.0])) == pytest.approx([BLUE, 0, 1])
    assert features_of_logs(np.array([0, 1.0, 0])) == pytest.approx([1 - RED - BLUE, -1, -1])
