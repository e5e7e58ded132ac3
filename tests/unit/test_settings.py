"""What the environment says about settings."""

import pytest

from gateway.settings import Settings, misspelt_variables


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SEMBLANT_MAX_CONCURENCY", "SEMBLANT_MAX_CONCURRENCY"),
        ("SEMBLANT_DATA_DIRECTORY", "SEMBLANT_DATA_DIR"),
        ("SEMBLANT_PORT_8000_TCP", None),
        ("SEMBLANT_SERVICE_HOST", None),
        ("SEMBLANT_PORT", None),
        ("SEMBLANT_DRAIN_S", None),
        ("OTHER_MAX_CONCURENCY", None),
    ],
)
def test_a_misspelt_variable_is_found(name, meant):
    assert misspelt_variables([name]) == ({} if meant is None else {name: meant})


def test_every_variable_of_a_setting_is_known():
    assert misspelt_variables(f"SEMBLANT_{name.upper()}" for name in Settings.model_fields) == {}
