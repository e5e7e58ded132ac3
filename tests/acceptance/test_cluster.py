"""Gateways that share a database and an object store, and nothing else, are one service."""

import httpx
import pytest

from bench.cluster import cluster
from bench.pictures import jpeg, portrait
from bench.postgresql import NotInstalled
from tests.acceptance.videos import portrait_video
from tests.pixels import pixels_of
from tests.waiting import blocking_until

pytestmark = pytest.mark.server

TUS = {"Tus-Resumable": "1.0.0"}
CONSENT = {"options": '{"name": "Ann", "consent": true}'}
SOURCE = {"source": jpeg(portrait("hopper"))}
TARGET = {"target": jpeg(portrait("astronaut"))}


@pytest.fixture(scope="module")
def gateways():
    """Clients of two gateways with a worker and an inference server behind them."""
    try:
        with cluster(gateways=2, workers=1, tritons=1) as made:
            clients = [httpx.Client(base_url=url, timeout=60) for url in made.addresses]
            yield clients
            for client in clients:
                client.close()
    except NotInstalled as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def identity(gateways):
    """A person whom the first gateway has enrolled."""
    made = gateways[0].post("/v1/identities", files=SOURCE, data=CONSENT)
    assert made.status_code == 201, made.text
    return made.json()["id"]


def test_any_gateway_swaps_whom_another_has_enrolled(gateways, identity):
    swaps = [
        gateway.post(
            "/v1/swaps",
            files=TARGET,
            data={"source_id": identity},
            headers={"Accept": "image/png"},
        )
        for gateway in gateways
    ]
    assert [swap.status_code for swap in swaps] == [200, 200], swaps[1].text
    assert pixels_of(swaps[0].content) == pixels_of(swaps[1].content)


def test_an_upload_begun_at_one_gateway_is_a_video_of_an_identity_at_another(gateways, identity):
    one, other = gateways
    video = portrait_video()
    begun = one.post("/v1/uploads", headers=TUS | {"Upload-Length": str(len(video))})
    middle = len(video) // 2
    for gateway, at, piece in ((one, 0, video[:middle]), (other, middle, video[middle:])):
        headers = {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
        sent = gateway.patch(begun.headers["location"], content=piece, headers=TUS | headers)
        assert sent.status_code == 204, sent.text
    form = {"target_upload": (None, begun.json()["id"]), "source_id": (None, identity)}
    job = other.post("/v1/jobs", files=form)
    assert job.status_code == 202, job.text

    def ended():
        return one.get(f"/v1/jobs/{job.json()['id']}").json()["status"] not in (
            "queued",
            "processing",
        )

    blocking_until(ended, 120)
    seen = one.get(f"/v1/jobs/{job.json()['id']}").json()
    assert seen["status"] == "succeeded", seen
    assert one.head(begun.headers["location"], headers=TUS).status_code == 404


def test_whom_one_gateway_forgets_no_other_knows(gateways, identity):
    one, other = gateways
    assert [each["id"] for each in other.get("/v1/identities").json()["identities"]] == [identity]
    assert other.delete(f"/v1/identities/{identity}").status_code == 204
    assert one.get(f"/v1/identities/{identity}").status_code == 404
    swap = one.post("/v1/swaps", files=TARGET, data={"source_id": identity})
    assert (swap.status_code, swap.json()["code"]) == (404, "identity_not_found")
