import pytest

from tests.unit.http.app import photograph, saved
from tests.unit.sdk.command import CommandLine


@pytest.fixture
def semblant(monkeypatch, capsys):
    """The command line over fake networks."""
    command = CommandLine(monkeypatch, capsys)
    command.over_fakes()
    return command


@pytest.fixture
def pictures(tmp_path):
    """A source and a target, and a place for the result."""
    (tmp_path / "source.png").write_bytes(saved(photograph(seed=1)))
    (tmp_path / "target.png").write_bytes(saved(photograph()))
    return tmp_path / "source.png", tmp_path / "target.png", tmp_path / "result.png"
