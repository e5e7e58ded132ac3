"""What a process does before its service is built."""

import errno
import socket

import pytest

from gateway import main
from gateway.settings import Settings


def test_a_taken_port_is_noticed_before_models_are_loaded(monkeypatch, tmp_path):
    monkeypatch.setattr(main, "build_services", lambda _: pytest.fail("built"))
    monkeypatch.setattr(main, "share_heaps", lambda: None)
    monkeypatch.setattr(main, "configure", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="--port") as refused:
            main.serve(Settings(port=port, data_dir=tmp_path))
    assert refused.value.errno == errno.EADDRINUSE
    assert refused.value.filename == f"127.0.0.1:{port}"
