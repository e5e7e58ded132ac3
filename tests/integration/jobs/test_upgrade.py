"""Databases of former releases become those of this one, and their jobs go on."""

import hashlib
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from gateway.database import SCHEMA_VERSION, TABLES, database_url, make_engine
from gateway.jobs.database.upgrade import latest_revision, revision_of, upgrade_schema
from gateway.jobs.job import Status
from gateway.jobs.testing import DEFAULTS, running_engine
from gateway.storage.objects import ObjectStore
from tests.unit.jobs.orders import TEXT, content, ended, order

pytestmark = [pytest.mark.jobs, pytest.mark.anyio]

HERE = Path(__file__).parent
QUEUED, MAKING, FAILED, DONE = (f"job_{digit * 32}" for digit in "1234")
FILM = {"encoder": "libx264", "start_s": 1.0}
IDENTITY = "idn_" + 32 * "0"


@contextmanager
def connected(url, folder):
    engine = make_engine(database_url(url, folder / "jobs"), connections=2)
    try:
        yield engine
    finally:
        engine.dispose()


def compared(engine):
    """Return how a database differs from the tables as they are written down."""
    with engine.connect() as connection:

        def ours(name, kind, parents):
            return kind != "table" or name in TABLES.tables

        options = {"include_name": ours, "version_table": SCHEMA_VERSION}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, TABLES)


class Former:
    """A database as a release without revisions left it, with jobs in it."""

    def __init__(self, engine, folder):
        self._engine = engine
        self._objects = ObjectStore("", folder=folder / "jobs" / "objects")
        self._sent = folder / "sent"
        (folder / "jobs").mkdir(parents=True)
        dialect = engine.dialect.name
        with engine.begin() as connection:
            for statement in (HERE / "unversioned" / f"{dialect}.sql").read_text().split(";"):
                if statement.strip():
                    connection.execute(sa.text(statement))
        url = engine.url.render_as_string(hide_password=False)
        DBOS.migrate(url)
        metadata = sa.MetaData()
        self.jobs, self.segments = (
            sa.Table(f"semblant_{name}", metadata, autoload_with=engine)
            for name in ("jobs", "segments")
        )
        schema = "dbos" if dialect == "postgresql" else None
        self.engine_tables = sa.MetaData(schema=schema)
        self.workflows = sa.Table("workflow_status", self.engine_tables, autoload_with=engine)
        self.queues = sa.Table("queues", self.engine_tables, autoload_with=engine)

    def kept(self, key, data):
        """Keep a file; return how the database names it."""
        self._sent.write_bytes(data)
        self._objects.put(key, self._sent)
        return {"key": key, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}

    def add(self, id, **values):
        """Add a job."""
        row = {
            "id": id,
            "tenant": "default",
            "status": "starting",
            "stage": "queued",
            "run": "r" + id[4:8],
            "version": 1,
            "fingerprint": "f",
            "priority": 1,
            "options": dict(DEFAULTS),
            "files": {
                "source": [self.kept(f"jobs/{id}/in/a/source-0", b"face")],
                "target": [self.kept(f"jobs/{id}/in/a/target-0", TEXT)],
            },
            "created": 1.7e9,
            "retention_s": 1e9,
            "frames": 0,
            "has_files": True,
            "tidy": False,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(self.jobs).values({**row, **values}))

    def enqueue(self, *ids):
        """Let jobs be carried out, by the former names."""
        client = DBOSClient(
            system_database_engine=self._engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name="semblant",
        )
        client.register_queue("films", worker_concurrency=8, partition_concurrency=4)
        for id in ids:
            run = "r" + id[4:8]
            options = {
                "workflow_name": "films",
                "queue_name": "films",
                "workflow_id": f"{id}.{run}",
                "priority": 2,
                "queue_partition_key": "default",
            }
            client.enqueue(options, id, run)
        client.destroy()

    def take(self, id):
        """Let a job be in the hands of a worker that is no more."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(self.workflows)
                .where(self.workflows.c.workflow_uuid.startswith(id))
                .values(
                    status="PENDING",
                    executor_id="gone",
                    application_version="wf1",
                    recovery_attempts=1,
                )
            )


def filled(engine, folder):
    """Make a former database with a job in each state that matters."""
    former = Former(engine, folder)
    former.add(QUEUED)
    plan = {"segments": 3, "frames": 12, "facts": {"bytes": len(TEXT), "kind": "film"}}
    former.add(MAKING, status="processing", stage="making", started=1.7e9, plan=plan)
    part = former.kept(f"jobs/{MAKING}/seg/0/a", TEXT[: len(TEXT) // 3].upper())
    segment = {"job_id": MAKING, "index": 0, "attempt": "a", "frames": 4, "file": part}
    with engine.begin() as connection:
        facts = {"index": 0, "carried": 5}
        connection.execute(sa.insert(former.segments).values(**segment, facts=facts))
    former.enqueue(QUEUED, MAKING)
    former.take(MAKING)
    ended_at = {"stage": "done", "completed": 1.7e9, "expires": 9e9, "tidy": True}
    failure = {"code": "face_not_selected", "detail": "Nobody."}
    mapping = [{"sources": [0], "identity": IDENTITY}, {"sources": [1]}]
    asked = {"shape": 0.4, "film": FILM, "mapping": mapping}
    former.add(FAILED, status="failed", failure=failure, options=asked, **ended_at)
    report = {"kind": "film", "carried_faces": 3, "cuts": 1}
    output = former.kept(f"jobs/{DONE}/out/a.mp4", b"video")
    output |= {"media_type": "video/mp4", "suffix": ".mp4"}
    former.add(DONE, status="succeeded", report=report, output=output, **ended_at)
    return former


async def test_jobs_of_a_former_release_go_on(tmp_path, url):
    with connected(url, tmp_path) as engine:
        filled(engine, tmp_path)
        assert revision_of(engine) is None
    async with running_engine(tmp_path, jobs_database_url=url) as engine:
        for id in (QUEUED, MAKING):
            job = await ended(engine, await engine.get("default", id))
            assert job.status is Status.SUCCEEDED, job.failure
            assert content(engine, job) == TEXT.upper()
        assert sorted(index for id, index in engine.work.made if id == MAKING) == [1, 2]
        later = await ended(engine, (await engine.submit(order(engine))).job)
        assert later.status is Status.SUCCEEDED


async def test_what_is_stored_has_the_current_names(tmp_path, url):
    with connected(url, tmp_path) as engine:
        former = filled(engine, tmp_path)
        upgrade_schema(engine)
        assert revision_of(engine) == latest_revision()
        assert compared(engine) == []
        with engine.connect() as connection:
            facts = connection.execute(sa.select(former.segments.c.facts)).scalar_one()
            names = connection.execute(sa.select(former.workflows.c.name).distinct()).scalars()
            queues = connection.execute(sa.select(former.queues.c.name)).scalars()
            assert list(names) == ["videos"]
            assert "films" not in list(queues)
        assert facts == {"index": 0, "interpolated": 5}
    async with running_engine(tmp_path, carry_out=False, jobs_database_url=url) as jobs:
        queued = await jobs.get("default", QUEUED)
        assert queued.status is Status.QUEUED
        assert (await jobs.get("default", MAKING)).plan.facts["kind"] == "video"
        failed = await jobs.get("default", FAILED)
        assert failed.failure.code == "no_matching_face"
        assert failed.options == {
            "shape": 0.4,
            "video": FILM,
            "mapping": [{"sources": [0], "target_id": IDENTITY}, {"sources": [1]}],
        }
        done = await jobs.get("default", DONE)
        assert done.report == {"kind": "video", "interpolated_faces": 3, "cuts": 1}
        assert content(jobs, done) == b"video"


async def test_a_new_database_is_as_it_is_written_down(tmp_path, url):
    with connected(url, tmp_path) as engine:
        upgrade_schema(engine)
        assert compared(engine) == []
        upgrade_schema(engine)
        assert revision_of(engine) == latest_revision()


@pytest.mark.parametrize("former", [False, True], ids=["new", "former"])
async def test_several_processes_start_at_once(tmp_path, url, former):
    with connected(url, tmp_path) as engine:
        if former:
            filled(engine, tmp_path)
        program = (
            "import asyncio, sys\n"
            "from gateway.serving.jobs import upgrade_jobs_database\n"
            "from gateway.settings import Settings\n"
            "settings = Settings(data_dir=sys.argv[1], jobs_database_url=sys.argv[2])\n"
            "sys.stdin.readline()\n"
            "print(asyncio.run(upgrade_jobs_database(settings)))\n"
        )
        command = [sys.executable, "-c", program, str(tmp_path), url]
        started = [
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            for _ in range(3)
        ]
        for process in started:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        for process in started:
            out, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors.decode()
            assert out.decode().strip() == latest_revision()
        assert compared(engine) == []
