"""Without authentication, only this machine may call."""

import pytest

from gateway.access.authenticator import AuthMode
from gateway.access.exposure import is_local, refuse_open_door
from gateway.errors import SetupIncomplete

LOCAL = ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "LOCALHOST", "unix:/run/s"]
LOCAL += ["::ffff:127.0.0.1"]
OPEN = ["0.0.0.0", "::", "[::]", "", "10.0.0.1", "192.168.1.2", "example.org", "1.2.3", "fe80::1%a"]


@pytest.mark.parametrize("host", LOCAL)
def test_this_machine(host):
    assert is_local(host)
    refuse_open_door(AuthMode.OFF, [host])


@pytest.mark.parametrize("host", OPEN)
def test_other_machines(host):
    assert not is_local(host)
    with pytest.raises(SetupIncomplete, match="SEMBLANT_AUTH"):
        refuse_open_door(AuthMode.OFF, ["127.0.0.1", host])


@pytest.mark.parametrize("mode", [mode for mode in AuthMode if mode is not AuthMode.OFF])
def test_with_authentication_everybody_may_come(mode, caplog):
    refuse_open_door(mode, OPEN)
    assert caplog.text == ""


def test_an_open_door_that_is_wanted_is_announced(caplog):
    refuse_open_door(AuthMode.OFF, ["0.0.0.0"], anywhere=True)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "0.0.0.0" in record.getMessage()
