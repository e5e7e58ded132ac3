import threading
from types import SimpleNamespace

import pytest

from gateway.compute import Compute, share_heaps


@pytest.mark.parametrize("inline", [False, True])
async def test_results_and_errors_come_back(inline):
    compute = Compute(2, inline=inline)
    assert await compute.run(sum, [1, 2, 3]) == 6
    with pytest.raises(ZeroDivisionError):
        await compute.run(divmod, 1, 0)
    compute.close()


async def test_work_runs_in_a_thread_unless_inline():
    threads, inline = Compute(1), Compute(inline=True)
    assert await threads.run(threading.current_thread) is not threading.current_thread()
    assert await inline.run(threading.current_thread) is threading.current_thread()
    threads.close()
    inline.close()


def test_threads_share_heaps_where_the_library_knows_how(monkeypatch):
    asked = []
    library = SimpleNamespace(mallopt=lambda *given: asked.append(given))
    monkeypatch.setattr("gateway.compute.ctypes.CDLL", lambda name: library)
    share_heaps()
    assert asked == [(-8, 2)]  # M_ARENA_MAX
