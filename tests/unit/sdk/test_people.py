"""Enrolled people by the SDK and the command line."""

import asyncio

import httpx
import pytest
from semblant import process_image

from gateway.errors import ConsentRequired, IdentityNotFound, InternalError
from gateway.storage.testing import MemoryIdentityStore
from tests.unit.http.app import photograph, saved
from tests.unit.sdk.answers import Server, problem, swapped

ID = "idn_" + "1" * 32
TIME = "2026-08-02T09:30:00+00:00"
NAMED = {
    "id": ID,
    "name": "Bob",
    "created": TIME,
    "size": 2,
    "consent": {"given": TIME, "statement": "Yes."},
}
PORTRAITS = [{"warnings": []}, {"warnings": ["small"]}]
WHOLE = NAMED | {"portraits": PORTRAITS, "inconsistent_portraits": [1]}


@pytest.fixture(params=["sync", "async"])
def call(request):
    """Return a function that asks a server by either client; they must not differ."""

    def in_thread(server, method, *arguments, **options):
        with server.client() as client:
            return getattr(client, method)(*arguments, **options)

    async def work(server, method, *arguments, **options):
        async with server.async_client() as client:
            return await getattr(client, method)(*arguments, **options)

    return in_thread if request.param == "sync" else lambda *a, **o: asyncio.run(work(*a, **o))


@pytest.mark.parametrize("statement", [None, "Yes."])
def test_a_person_is_enrolled(call, statement):
    server = Server(httpx.Response(201, json=WHOLE))
    made = call(
        server, "enrol_identity", [b"1", b"2"], consent=True, name="Bob", statement=statement
    )
    assert (server.request.method, server.request.url.path) == ("POST", "/v1/identities")
    assert server.form[:2] == [("source", b"1"), ("source", b"2")]
    told = {} if statement is None else {"statement": statement}
    assert server.options == {"name": "Bob", "consent": True} | told
    assert (made.id, made.name, made.created, made.size, made.consent) == tuple(NAMED.values())
    assert (made.portraits, made.inconsistent_portraits) == (PORTRAITS, (1,))


def test_people_are_listed_shown_and_forgotten(call):
    server = Server(httpx.Response(200, json={"identities": [NAMED]}))
    assert [identity.id for identity in call(server, "identities")] == [ID]
    server.answer = httpx.Response(200, json=WHOLE)
    assert call(server, "identity", ID).inconsistent_portraits == (1,)
    server.answer = httpx.Response(204)
    assert call(server, "delete_identity", ID) is None
    assert [(r.method, r.url.path.removeprefix("/v1/identities")) for r in server.requests] == [
        ("GET", ""),
        ("GET", f"/{ID}"),
        ("DELETE", f"/{ID}"),
    ]


@pytest.mark.parametrize("kind", [ConsentRequired, IdentityNotFound])
def test_errors_come_as_their_class(call, kind):
    with pytest.raises(kind):
        call(Server(problem(kind.spec.code)), "enrol_identity", b"1", consent=False)


@pytest.mark.parametrize("body", [{}, {"identities": [{}]}, {"identities": 1}])
def test_answers_of_somebody_else(call, body):
    for method, arguments in (("identities", ()), ("identity", (ID,))):
        with pytest.raises(InternalError):
            call(Server(httpx.Response(200, json=body)), method, *arguments)


def test_a_swap_may_name_a_person_and_several_references(call):
    server = Server(swapped())
    call(server, "swap", [], b"t", source_id=ID, reference=[b"r", b"s"])
    assert server.form == [
        ("source_id", ID.encode()),
        ("target", b"t"),
        ("reference", b"r"),
        ("reference", b"s"),
    ]


def test_a_mapping_in_one_call(semblant, tmp_path):
    portrait, target = saved(photograph(seed=1)), saved(photograph())
    result = process_image(
        [portrait], target, tmp_path / "r.png", mapping=[{"sources": [0], "position": 0}]
    )
    assert result.faces_swapped == 1


# The command line


@pytest.fixture
def kept(semblant):
    """Keep people from one command to the next."""
    store = MemoryIdentityStore()
    semblant.over_fakes(identities=store)
    return store


def test_a_person_from_enrolling_to_forgetting(semblant, kept, pictures):
    source, target, output = pictures
    done = semblant("identities", "add", source, source, "--consent", "--name", "[b]Bob")
    assert done.code == 0, done.err
    id = done.out.strip()
    assert kept.get("default", id).name == "[b]Bob"
    assert "2 portraits" in done.err

    head, row = semblant("identities", "list").out.splitlines()
    assert head.split() == ["id", "name", "created", "portraits"]
    assert row.split()[:2] == [id, "[b]Bob"]

    done = semblant("identities", "show", id)
    head, *rows = done.out.splitlines()
    assert head.split() == ["#", "width", "yaw", "quality", "warnings"]
    assert len(rows) == 2
    assert "has agreed" in done.err

    assert semblant("swap", target, "--source-id", id, "-o", output).code == 0
    assert semblant("swap", target, "--map", f"{id}:0", "-o", output).code == 0

    done = semblant("identities", "remove", id)  # its former name
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[0] == f"deleted {id}"
    assert "verb remove is now delete" in done.err
    assert kept.infos("default") == []


def test_nobody_is_enrolled_who_has_not_agreed(semblant, kept, pictures):
    done = semblant("identities", "add", pictures[0])
    assert (done.code, done.out, semblant.made) == (2, "", [])
    assert "must agree" in done.words


def test_a_portrait_of_somebody_else_is_told(semblant, kept, pictures, tmp_path):
    dark = tmp_path / "dark.png"
    dark.write_bytes(saved(photograph() // 4))
    done = semblant("identities", "add", pictures[0], pictures[0], pictures[0], dark, "--consent")
    assert done.code == 0, done.err
    assert "portrait 3 seems to show somebody else" in done.err


@pytest.mark.parametrize("command", ["show", "delete"])
def test_a_person_who_is_none(semblant, kept, command):
    done = semblant("identities", command, "idn_" + "0" * 32)
    assert (done.code, done.out) == (3, "")
    assert "identity_not_found" in done.err
