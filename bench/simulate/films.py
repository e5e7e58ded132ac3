"""What films take: the real jobs on a small cluster, and what becomes of several on paper."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import httpx
import psycopg
import simpy

from bench.chaos import Seen
from bench.cluster import Cluster, cluster
from bench.scaling import Load
from gateway.jobs.execution.intervals import Intervals

STEPS = """
SELECT queue_name, started_at_epoch_ms / 1e3, completed_at / 1e3, created_at / 1e3
FROM dbos.workflow_status WHERE queue_name IN ('videos', 'segments') AND status = 'SUCCESS'
AND created_at >= %s
"""
PLAN_SHARE = 0.5
"""Share of what a film takes besides its segments that comes before them, assumed."""

Turn = tuple[float, simpy.Event]
"""Seconds that something takes, and the event that its turn has come."""


@dataclass(frozen=True)
class Database:
    """What the jobs ask of PostgreSQL.

    Attributes:
        gateway_transactions: A second of a gateway that has nothing to do.
        worker_transactions: A second of a worker that has nothing to do.
        film_transactions: Of a film besides.
        segments: Of that film.
    """

    gateway_transactions: float
    worker_transactions: float
    film_transactions: float
    segments: int


@dataclass(frozen=True)
class Filmed:
    """What films took with one worker.

    Attributes:
        alone_s: A film alone, from its order to its end.
        segments_s: Its segments.
        count: Films of the trial.
        a_minute: Films a minute of that trial.
        database: What they asked of the database.
    """

    alone_s: float
    segments_s: tuple[float, ...]
    count: int
    a_minute: float
    database: Database


def measured(count: int, idle_s: float) -> Filmed:
    """Measure a film alone, and several ordered at once.

    Raises:
        NotInstalled: PostgreSQL's programs are not there.
    """
    with cluster(gateways=1, workers=0, tritons=1) as made:
        gateway = asyncio.run(_idle(made, idle_s))
    with cluster(gateways=1, workers=1, tritons=1) as made:
        return asyncio.run(_measured(made, count, idle_s, gateway))


async def _idle(made: Cluster, seconds: float) -> float:
    """Return transactions a second while nobody has anything to do."""
    before = _transactions(made)
    await asyncio.sleep(seconds)
    return (_transactions(made) - before) / seconds


async def _measured(made: Cluster, count: int, idle_s: float, gateway: float) -> Filmed:
    async with httpx.AsyncClient(timeout=60) as client:
        load = Load(made, client, Seen())
        await load.calm()
        idle = await _idle(made, idle_s)
        before, began = _transactions(made), time.time()
        await load.videos(1, "alone")
        took_s, used = time.time() - began, _transactions(made) - before
        films, segments = _steps(made, began)
        began = time.time()
        await load.videos(count, "several")
        several, _ = _steps(made, began)
    ends = [end for _, end, _ in several]
    span_s = max(ends) - min(ordered for _, _, ordered in several)
    return Filmed(
        films[0][1] - films[0][2],
        tuple(end - start for start, end, _ in segments),
        count,
        60 * count / span_s,
        Database(gateway, idle - gateway, used - idle * took_s, len(segments)),
    )


def _steps(
    made: Cluster, since_s: float
) -> tuple[list[tuple[float, float, float]], list[tuple[float, float, float]]]:
    """Return begin, end and order of films and of segments, in seconds of the clock."""
    with psycopg.connect(made.database_url) as connection:
        rows = connection.execute(STEPS, (int(1e3 * since_s) - 500,)).fetchall()
    found: dict[str, list[tuple[float, float, float]]] = {"videos": [], "segments": []}
    for queue, *times in rows:
        begin, end, ordered = (float(one) for one in times)
        found[str(queue)].append((begin, end, ordered))
    return found["videos"], found["segments"]


def _transactions(made: Cluster) -> float:
    with psycopg.connect(made.database_url) as connection:
        row = connection.execute(
            "SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database"
        ).fetchone()
    assert row is not None
    return float(row[0])


def predicted_a_minute(
    alone_s: float, segments_s: Sequence[float], count: int, places: int, films_at_once: int
) -> float:
    """Return films a minute of one worker: segments take turns, what is besides goes beside them.

    Args:
        alone_s: A film alone.
        segments_s: Its segments.
        count: Films that are ordered at once.
        places: Segments at the same time.
        films_at_once: Films that are carried out at the same time.
    """
    queue_s = Intervals().queue_s
    alone = sum(one + queue_s / 2 for one in segments_s) / min(places, len(segments_s))
    besides_s = max(0.0, alone_s - alone - queue_s / 2)
    env = simpy.Environment()
    ordered: deque[Turn] = deque((film, env.event()) for film in [0.0] * count)
    segments: deque[Turn] = deque()
    done = [env.process(_film(env, turn, besides_s, segments_s, segments)) for turn in ordered]
    for queue, at_once in ((ordered, films_at_once), (segments, places)):
        env.process(_polled(env, queue, at_once, queue_s))
    env.run(until=env.all_of(done))
    return 60 * count / float(env.now)


def _film(
    env: simpy.Environment,
    turn: Turn,
    besides_s: float,
    segments_s: Sequence[float],
    queue: deque[Turn],
) -> Generator[simpy.Event, object, None]:
    yield turn[1]
    yield env.timeout(PLAN_SHARE * besides_s)
    mine = [(one, env.event()) for one in segments_s]
    queue.extend(mine)
    yield env.all_of([env.process(_segment(env, one)) for one in mine])
    yield env.timeout((1 - PLAN_SHARE) * besides_s)


def _segment(env: simpy.Environment, turn: Turn) -> Generator[simpy.Event, object, None]:
    yield turn[1]
    yield env.timeout(turn[0])


def _polled(
    env: simpy.Environment, queue: deque[Turn], places: int, every_s: float
) -> Generator[simpy.Event, object, None]:
    """Hand out what waits whenever the worker looks, as far as there are places."""
    taken_until: list[float] = []
    while True:
        yield env.timeout(every_s)
        taken_until = [until for until in taken_until if until > env.now]
        while queue and len(taken_until) < places:
            seconds, event = queue.popleft()
            taken_until.append(env.now + seconds)
            event.succeed()
