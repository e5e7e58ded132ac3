"""Which adaptors pass, on which backend, and how many errors put into them are noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path

from semblant_triton.launcher import EmbeddedTriton

from bench.figures import Figure, figure
from bench.running import Run
from gateway.inference.local import LocalInference
from gateway.inference.triton import TritonInference
from gateway.paths import PROJECT_ROOT
from tests import standins
from tests.standins.tried import ADAPTORS, MUTANTS


def measure(run: Run, folder: Path) -> dict[str, Figure]:
    repository = standins.repository(folder)
    with EmbeddedTriton(repository, PROJECT_ROOT / ".venv-triton") as triton:
        return asyncio.run(_measure(run, repository, triton.grpc_url))


async def _measure(run: Run, repository: Path, url: str) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    local, served = LocalInference(repository), TritonInference(url)
    print(f"{'adaptor':16}{'networks':>9}{'in process':>12}{'on Triton':>11}{'mutants caught':>16}")
    for name, adaptor in ADAPTORS.items():
        names = adaptor.names[: run.size(len(adaptor.names), 1)]
        here = [await _passes(adaptor.check(local, case)) for case in names]
        there = [await _passes(adaptor.check(served, case)) for case in names]
        caught = []
        for mutant in MUTANTS[name][: run.size(len(MUTANTS[name]), 1)]:
            with mutant.patch():
                caught.append(not await _passes(adaptor.check(local, mutant.model)))
        for key, found, what in (
            ("local", here, "networks right in this process"),
            ("triton", there, "networks right on Triton"),
            ("mutants", caught, "errors put in that are noticed"),
        ):
            share = [sum(found) / len(found)]
            told = f"{name}: {what}, {sum(found)} of {len(found)}"
            figures[f"adaptor_{name}_{key}"] = figure(share, "", told, "1")
        shares = (f"{sum(found)}/{len(found)}" for found in (here, there, caught))
        print(f"{name:16}{len(here):>9}" + "{:>12}{:>11}{:>16}".format(*shares))
    await local.close()
    await served.close()
    return figures


async def _passes(check: Awaitable[None]) -> bool:
    try:
        await check
    except AssertionError:
        return False
    return True
