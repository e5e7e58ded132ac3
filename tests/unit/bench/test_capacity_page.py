"""docs/CAPACITY.md against the numbers that are reckoned with, and the figures that were found."""

import re
import tomllib
from dataclasses import replace

import pytest

from bench.running import KEYS, differing
from bench.simulate import document
from bench.simulate.a100 import A100, FILE
from bench.simulate.cell import Cell, Size
from bench.simulate.day import Cluster, Demand, Met, Pool
from bench.simulate.gateways import Permits
from bench.simulate.study import parts
from gateway.paths import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "CAPACITY.md").read_text(encoding="utf-8")
READ = tomllib.loads(FILE.read_text(encoding="utf-8"))
FIGURES = KEYS.with_name("simulate.json")


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("detector", "`scrfd_2.5g`"),
        ("swapper", "`inswapper_128`"),
        ("restorer", "`gfpgan_1.4`"),
    ],
)
def test_times_of_the_gpu_are_the_tables(name, row):
    (cell,) = re.findall(rf"^\| {re.escape(row)} \| ([\d.]+ \([\d.]+–[\d.]+\)) \|$", PAGE, re.M)
    likely, least, most = READ["gpu_ms"][name]
    assert cell == f"{likely} ({least:g}–{most:g})"


@pytest.mark.parametrize(
    ("name", "row", "column"),
    [("detector", "`scrfd_2.5g` at 640", 6), ("swapper", "`inswapper_128`", 6)],
)
def test_bytes_are_the_tables(name, row, column):
    (line,) = [one for one in PAGE.splitlines() if one.startswith(f"| {row} | f")]
    assert float(line.split("|")[column].strip()) == READ["megabytes"][name]


def test_a_frame_takes_what_the_page_says_in_short():
    (said,) = re.findall(r"^\| detector, landmarks, `inswapper_128` \| ([\d.]+) ", PAGE, re.M)
    assert 1e3 * A100.read().gpu_s("frame") == pytest.approx(float(said), abs=0.05)
    assert A100.read(2.0).gpu_s("frame") == 2 * A100.read().gpu_s("frame")


def test_the_section_is_that_of_the_figures():
    figures = document.kept(FIGURES)
    assert not differing("simulate", set(figures))
    assert document.put(PAGE, document.section(figures)) == PAGE


def test_plots_are_small():
    for name in ("calibration", "load", "day", "burst"):
        assert (PROJECT_ROOT / "docs" / "capacity" / f"{name}.svg").stat().st_size < 60_000


SIZE = Size(1, 3, 4.0, 30.0, 0.1, 1, 4, 0.063)


def cell(seed=0):
    return Cell(A100.read(), SIZE, Permits(8, 2, 32, 0.0, 4), seed).run(5)


def test_a_piece_of_a_cluster_does_what_it_is_asked_for():
    found = cell()
    a100 = A100.read()
    work = SIZE.pictures * a100.gpu_s("picture") + 30 * a100.gpu_s("frame")
    assert found.busy == pytest.approx(work + found.film_frames * a100.gpu_s("frame"), rel=0.1)
    assert found.p50_s > SIZE.picture_core_s + a100.gpu_ms["swapper"] / 1e3
    assert found.refused == 0
    assert cell() == found
    assert cell(seed=1) != found


def test_pools_start_and_end_pods_in_their_time():
    pool = Pool(2, 60.0)
    pool.set(4, 0.0)
    assert (pool.ready, pool.count) == (2, 4)
    pool.set(3, 0.0)
    pool.go_on(60.0)
    assert (pool.ready, pool.count) == (3, 3)
    pool.lose(2, 60.0)
    assert (pool.ready, pool.count) == (1, 3)
    pool.set(0, 60.0)
    assert (pool.ready, pool.count) == (0, 0)


MET = Met((0.0, 1.0), (0.1, 0.1), (0.2, 0.2), (0.3, 0.3), (0.0, 0.0), (0.0, 0.0))


def test_films_are_made_and_workers_go():
    a100 = A100.read()
    cluster = Cluster(a100, parts(a100, 0.1), MET)
    films = [(100.0, 9000.0), (130.0, 3000.0)]
    demand = Demand(lambda _: 1.0, lambda _: 0.0, films)
    steps = cluster.run(demand, 3600, {"triton": 1, "gateway": 2, "worker": 0})
    assert sum(one.film_frames for one in steps) * 15 == pytest.approx(12_000)
    assert max(one.workers for one in steps) > 1
    assert steps[0].workers_paid == steps[-1].workers_paid == 0
    assert all(one.refused == 0 for one in steps)


def test_nodes_are_lost_and_replaced():
    a100 = replace(A100.read(), spot={"losses_an_hour": 0.2, "notice_s": 30.0})
    demand = Demand(lambda _: 1.0, lambda _: 0.0, [])
    kept, spot = (
        Cluster(a100, parts(a100, 0.1), MET, spot=spot, seed=1).run(
            demand, 86400, {"triton": 1, "gateway": 2, "worker": 0}
        )
        for spot in (False, True)
    )
    assert sum(one.lost for one in kept) == 0 < sum(one.lost for one in spot)
    assert {one.tritons_paid for one in spot} == {1}
    assert {one.refused for one in kept} == {0.0}
    assert max(one.refused for one in spot) == 1.0
