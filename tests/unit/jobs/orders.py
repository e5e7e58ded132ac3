"""Orders for tests, of files that are made for them."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

from gateway.jobs.engine import DurableEngine
from gateway.jobs.job import JobRecord, JobSubmission, SentFile
from tests.waiting import until

TEXT = b"the quick brown fox jumps over the lazy dog"


def sent(folder: Path, name: str, data: bytes) -> SentFile:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{len(list(folder.iterdir()))}"
    path.write_bytes(data)
    return SentFile(path, hashlib.sha256(data).hexdigest(), len(data))


def order(engine: DurableEngine, *, text: bytes = TEXT, tenant: str = "default", **asked: Any):
    """Return an order; what `JobSubmission` has no name for is an option of the fake work."""
    own = {
        name: asked.pop(name) for name in list(asked) if name in JobSubmission.__dataclass_fields__
    }
    options = engine.work.accept(json.dumps(asked))
    files = {
        "source": [sent(engine.spool, "source", b"face")],
        "target": [sent(engine.spool, "target", text)],
    }
    return JobSubmission(**{"tenant": tenant, "files": files, "options": options, **own})


async def ended(engine: DurableEngine, job: JobRecord) -> JobRecord:
    """Return a job once it has ended."""
    async with asyncio.timeout(60):  # it never takes that long, unless it never ends
        async for seen in engine.changes(job.tenant, job.id):
            job = seen
    return job


async def settled(engine: DurableEngine, job: JobRecord) -> None:
    """Wait until nothing that a job set going is carried out or waits, webhooks included."""

    def done() -> bool:
        known = engine._queues._list(workflow_id_prefix=f"{job.id}.")
        return not {each.status for each in known} & {"PENDING", "ENQUEUED", "DELAYED"}

    await until(done)


def content(engine: DurableEngine, job: JobRecord) -> bytes:
    """Return what a job made."""
    assert job.output is not None, job.failure
    return b"".join(engine.objects.read(job.output.key))
