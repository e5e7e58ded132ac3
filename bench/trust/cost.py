"""What trust costs: a picture and a film with all of it, and with none; how fast the log is."""

from __future__ import annotations

import asyncio
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.figures import Figure, figure
from bench.pictures import portrait
from bench.running import Run
from gateway.database import TABLES, database_url, make_engine
from gateway.media.image import Picture, encode_image
from gateway.operations.exchange import Exchange
from gateway.operations.execution import perform
from gateway.operations.swaps import Delivery, SwapOrder, swap
from gateway.pipeline.options.swap import SwapOptions
from gateway.serving.services import Services, build_services, running
from gateway.settings import Settings
from gateway.trust.audit.check import check
from gateway.trust.audit.events import AuditEvent
from gateway.trust.audit.log import AuditLog
from gateway.trust.credentials.trial import CHAIN, KEY, write_test_certificates

NOTHING: dict[str, Any] = {
    "watermark": "off",
    "watermark_least": "off",
    "credentials": "off",
    "content": "off",
    "consent": "off",
    "audit": "off",
}


def measure(run: Run) -> dict[str, Figure]:
    """Return the costs."""
    with tempfile.TemporaryDirectory() as name:
        return {**_picture(run, Path(name)), **_log(run, Path(name))}


def _picture(run: Run, folder: Path) -> dict[str, Figure]:
    write_test_certificates(folder / "certificates")
    every: dict[str, Any] = {
        "audit": "on",
        "credentials_chain": folder / "certificates" / CHAIN,
        "credentials_key": folder / "certificates" / KEY,
    }
    rounds = run.size(40, 2)
    with_all, without = asyncio.run(_alternately(folder, every, rounds))
    pairs = [one - other for one, other in zip(with_all, without, strict=True)]
    what = "a swap of a 512×512 picture in process, one at a time"
    return {
        "trust_picture_ms": figure(with_all, "ms", f"{what}, with all of trust"),
        "trust_picture_without_ms": figure(without, "ms", f"{what}, with none"),
        "trust_picture_added_ms": figure(pairs, "ms", "what it adds, pair by pair", "≤ 30"),
    }


async def _alternately(
    folder: Path, every: dict[str, Any], rounds: int
) -> tuple[list[float], list[float]]:
    source, target = (_png(name) for name in ("hopper", "astronaut"))
    common: dict[str, Any] = {"backend": "local", "job_execution": "disabled"}
    trusted = build_services(Settings(**common, **every, data_dir=folder / "with"))
    bare = build_services(Settings(**common, **NOTHING, data_dir=folder / "without"))
    times: tuple[list[float], list[float]] = ([], [])
    async with running(trusted), running(bare):
        for number in range(rounds + 3):
            for services, values in zip((trusted, bare), times, strict=True):
                start = time.perf_counter()
                await _swapped(services, source, target)
                if number >= 3:
                    values.append(1e3 * (time.perf_counter() - start))
    return times


async def _swapped(services: Services, source: bytes, target: bytes) -> None:
    exchange = Exchange("bench")
    order = SwapOrder(SwapOptions(), target, [source])

    async def work(deadline: Any) -> None:
        await swap(services, exchange, order, lambda _: Delivery("jpeg", True, False), deadline)

    with services.admission.ticket("swap", 60) as ticket:
        await perform(services, exchange, work, 60, ticket=ticket)


def _png(name: str) -> bytes:
    return encode_image(Picture(portrait(name)), "png")


def _log(run: Run, folder: Path) -> dict[str, Figure]:
    """Measure a log in SQLite, where every transaction waits for the disk."""
    (folder / "log").mkdir()
    engine = make_engine(database_url("", folder / "log"), connections=4)
    TABLES.create_all(engine)
    log = AuditLog(engine, lambda: b"the secret of a bench, 32 bytes.")
    event = AuditEvent(action="swap", tenant="bench", reference="r", output_sha256="ab" * 32)
    n = run.size(400, 8)
    figures: dict[str, Figure] = {}
    for callers in (1, 8):
        times: list[float] = []

        def one(_: int, times: list[float] = times) -> None:
            start = time.perf_counter()
            log.append(event)
            times.append(1e3 * (time.perf_counter() - start))

        start = time.perf_counter()
        with ThreadPoolExecutor(callers) as threads:
            list(threads.map(one, range(n)))
        seconds = time.perf_counter() - start
        figures[f"audit_append_{callers}_ms"] = figure(times, "ms", f"{callers} callers, SQLite")
        figures[f"audit_{callers}_rps"] = figure([n / seconds], "1/s", f"{callers} callers, SQLite")
    log.close()
    start = time.perf_counter()
    found = check(log.entries(), log.edge(), log.heads())
    figures["audit_verify_rps"] = figure(
        [found.entries / (time.perf_counter() - start)], "1/s", "entries checked"
    )
    engine.dispose()
    return figures
