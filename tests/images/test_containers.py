"""Containers of the images, as an engine runs them: read-only root, numeric user, no privileges."""

from __future__ import annotations

import json
import os
import socket
import stat

import grpc
import httpx
import pytest
from semblant.v1 import fusion_pb2, fusion_pb2_grpc

from tests.acceptance.videos import frames_of, portrait_video
from tests.images.containers import config, container, status
from tests.integration.portraits import paths
from tests.pixels import pixels_of
from tests.waiting import blocking_until
from tools.images.__main__ import version
from tools.images.build import findings

pytestmark = pytest.mark.images
PARTS = pytest.mark.parametrize("part", ["gateway", "triton-cpu"])
USER = "10001"


def pictures():
    return {
        "source": paths()["hopper"].read_bytes(),
        "target": paths()["astronaut"].read_bytes(),
    }


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def http(service, gateway, key):
    address = f"http://127.0.0.1:{service.ports['http']}"
    with httpx.Client(base_url=address, headers=bearer(key), timeout=90) as client:
        yield client


@PARTS
def test_an_image_holds_no_installers_caches_or_package_indexes(images, part):
    assert findings(images[part]) == []


@PARTS
def test_an_image_says_what_it_is_and_what_is_in_it(images, part):
    labels = config(part)["Labels"]
    assert labels["org.opencontainers.image.version"] == version()
    for name in ("title", "revision", "source", "licenses"):
        assert f"org.opencontainers.image.{name}" in labels
    (path,) = (images[part] / "usr/share/sbom").glob("*.cdx.json")
    document = json.loads(path.read_text())
    assert document["bomFormat"] == "CycloneDX"
    names = {component["name"] for component in document["components"]}
    assert {"onnxruntime", "python3", "face_mesh"} <= names
    assert not {"pip", "cyclonedx-bom"} & names


@PARTS
def test_its_user_can_change_nothing_of_an_image(images, part):
    """Even where an engine does not mount the root read-only."""
    found = []
    for top in ("etc", "models", "opt", "usr"):
        for folder, folders, files in os.walk(images[part] / top):
            for name in (*folders, *files):
                entry = os.lstat(os.path.join(folder, name))
                own = entry.st_uid != 0 or entry.st_mode & (stat.S_IWOTH | stat.S_ISUID)
                if own and not stat.S_ISLNK(entry.st_mode):
                    found.append(os.path.join(folder, name))
    assert found == []


def test_the_first_process_reaps_orphans(images, tmp_path):
    script = (
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        "    if os.fork() == 0:\n"
        "        os._exit(0)\n"  # its parent is gone, or soon will be
        "    os._exit(0)\n"
        "os.wait()\n"
        "print('orphaned', flush=True)\n"
        "signal.pause()\n"
    )
    log = tmp_path / "log"
    with container("gateway", images["gateway"], log, command=("python3", "-c", script)) as made:
        blocking_until(lambda: "orphaned" in log.read_text())
        blocking_until(lambda: len(made.processes()) == 2, otherwise=made.zombies)


def test_containers_have_no_privileges_and_no_writable_root(triton, gateway):
    for made in (triton, gateway):
        for pid in made.processes():
            found = status(pid)
            assert set(found["Uid"].split()) == {USER}
            assert int(found["CapEff"], 16) == int(found["CapBnd"], 16) == 0
            assert found["NoNewPrivs"] == "1"
        with open(f"/proc/{made.first}/mountinfo") as mounts:
            (root,) = [line.split() for line in mounts if line.split()[4] == "/"]
        assert "ro" in root[5].split(",")


def test_both_protocols_swap_a_face_through_triton(service, triton, gateway, http, key):
    form = pictures()
    refused = httpx.post(f"{http.base_url}/v1/swaps", files=form, timeout=60)
    assert refused.status_code == 401
    by_http = http.post("/v1/swaps", files=form, headers={"Accept": "image/png"})
    assert by_http.status_code == 200, by_http.text
    with grpc.insecure_channel(f"127.0.0.1:{service.ports['rpc']}") as channel:
        stub = fusion_pb2_grpc.FusionServiceStub(channel)
        request = fusion_pb2.SwapRequest(sources=[form["source"]], target=form["target"])
        by_grpc = stub.Swap(request, timeout=90, metadata=(("authorization", f"Bearer {key}"),))
    assert pixels_of(by_grpc.picture) == pixels_of(by_http.content)
    assert by_http.content != form["target"]
    counted = httpx.get(f"http://127.0.0.1:{service.ports['metrics']}/metrics").text
    assert 'nv_inference_request_success{model="face_mesh"' in counted
    service.figures["gateway_load_mb"] = round(gateway.memory_mb())
    service.figures["triton_load_mb"] = round(triton.memory_mb())
    assert gateway.zombies() == triton.zombies() == []


def test_triton_keeps_to_itself_what_nobody_needs(service, triton):
    address = f"http://127.0.0.1:{service.ports['triton']}/v2"
    assert httpx.get(f"{address}/models/face_mesh").status_code == 200
    for path in ("systemsharedmemory/status", "logging", "trace/setting"):
        assert httpx.get(f"{address}/{path}").status_code == 403, path
    assert httpx.post(f"{address}/repository/models/face_mesh/unload").status_code == 403


def test_a_job_outlives_the_worker_that_began_it(service, http):
    files = [
        ("source", ("source", paths()["hopper"].read_bytes())),
        ("target", ("target", portrait_video())),
        ("options", (None, json.dumps({"video": {"encoder": "ffv1"}}))),
    ]
    answer = http.post("/v1/jobs", files=files)
    assert answer.status_code == 202, answer.text
    address = answer.json()["urls"]["get"]

    def seen():
        return http.get(address).json()

    probes = f"http://127.0.0.1:{service.ports['probes']}/readyz"
    with service.running("worker", "semblant", "worker") as first:
        service.wait(first, "worker", probes)
        blocking_until(lambda: seen()["status"] == "processing", otherwise=first.log.read_text)
        service.figures["worker_load_mb"] = round(first.memory_mb())
        assert first.zombies() == []
        assert first.stop() == 0, first.log.read_text()
    with service.running("worker2", "semblant", "worker") as second:
        service.wait(second, "worker_again", probes)
        done = blocking_until(
            lambda: (job := seen())["status"] not in ("queued", "processing") and job,
            180,
            otherwise=second.log.read_text,
        )
        assert done["status"] == "succeeded", done
        output = http.get(done["urls"]["output"]).content
        assert len(frames_of(output)) == 60
        assert second.stop() == 0


def test_stopping_finishes_what_runs_and_leaves_nothing(service, triton, gateway, key):
    """A request whose second half arrives after SIGTERM is answered."""
    host = ("127.0.0.1", service.ports["http"])
    request = httpx.Request(
        "POST", f"http://{host[0]}:{host[1]}/v1/swaps", files=pictures(), headers=bearer(key)
    )
    body = request.read()
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection(host, timeout=90) as connection:
        connection.sendall(f"POST /v1/swaps HTTP/1.1\r\n{head}\r\n".encode() + body[:-1])
        # It is being read once another request, sent later, is answered.
        assert httpx.get(f"http://{host[0]}:{host[1]}/livez", timeout=30).status_code == 200
        os.kill(gateway.first, 15)
        blocking_until(lambda: not ready(host), 30)
        connection.sendall(body[-1:])
        assert connection.recv(64).startswith(b"HTTP/1.1 200")
    assert gateway.process.wait(90) == 0, gateway.log.read_text()
    assert triton.stop() == 0, triton.log.read_text()
    assert key not in gateway.log.read_text()


def ready(host):
    try:
        return httpx.get(f"http://{host[0]}:{host[1]}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
