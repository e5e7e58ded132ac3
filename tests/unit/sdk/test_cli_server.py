"""The command line and a server: a real one over fake networks, on a port of its own."""

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager

import pytest

from gateway.errors import InferenceFailed
from gateway.serving.testing import fake_services
from tests.unit.http.app import opened, server
from tests.waiting import LIMIT_S, until

HELD_AT_START = """
import semblant.in_process
from gateway.serving.testing import fake_services
from semblant.cli import main

def build(settings):
    services = fake_services()
    services.backend.hold()
    print("holding", flush=True)
    return services

semblant.in_process.build_services = build
main()
"""


@asynccontextmanager
async def serving(**settings):
    """Serve; gives the services and their address."""
    services = fake_services(port=0, **settings)
    async with server(services) as http:
        yield services, str(http.base_url)


async def test_a_swap_by_a_server(semblant, pictures):
    source, target, output = pictures
    async with serving() as (_, address):
        done = await asyncio.to_thread(
            semblant, "swap", source, target, "-o", output, "--server", address
        )
    assert (done.code, done.out) == (0, f"{output}\n")
    assert opened(output.read_bytes()).size == (160, 120)
    assert semblant.made == []
    assert "queue" in done.err


async def test_faces_by_a_server(semblant, pictures):
    async with serving() as (_, address):
        done = await asyncio.to_thread(
            semblant, "faces", pictures[1], "--json", "--server", address
        )
    assert len(json.loads(done.out)["faces"]) == 1


async def test_an_error_of_a_server(semblant, pictures):
    async with serving() as (services, address):
        services.backend.models["face_mesh"].failures.append(InferenceFailed("face_mesh: oh"))
        done = await asyncio.to_thread(semblant, "faces", pictures[1], "--server", address)
    assert done.code == 5
    assert "error inference_failed face_mesh: oh" in done.err


async def test_time_is_over(semblant, pictures):
    async with serving() as (services, address):
        services.backend.hold()
        done = await asyncio.to_thread(
            semblant, "faces", pictures[1], "--server", address, "--timeout", "0.2"
        )
    assert done.code == 4
    assert "deadline_exceeded" in done.err


async def started(*arguments):
    environment = os.environ | {"PYTHONPATH": ":".join(sys.path)}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *map(str, arguments),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def interrupted(process):
    """Interrupt a process; returns its exit code and what it said in all."""
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(LIMIT_S):
        out, err = await process.communicate()
    return process.returncode, (out + err).decode()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
async def test_an_interrupted_swap_leaves_nothing(pictures):
    source, target, output = pictures
    async with serving() as (services, address):
        services.backend.hold()
        program = "from semblant.cli import main; main()"
        process = await started(
            "-c", program, "swap", source, target, "-o", output, "--server", address
        )
        await until(lambda: services.admission.admitted)
        code, said = await interrupted(process)
        assert (code, said) == (130, "")
        # The server notices that the caller has gone.
        await until(lambda: not services.admission.admitted)
    assert sorted(path.name for path in output.parent.iterdir()) == ["source.png", "target.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
async def test_interrupted_while_starting_here(pictures):
    source, target, output = pictures
    process = await started("-c", HELD_AT_START, "swap", source, target, "-o", output)
    assert await process.stdout.readline() == b"holding\n"
    code, said = await interrupted(process)
    assert (code, said) == (130, "")
    assert not output.exists()
