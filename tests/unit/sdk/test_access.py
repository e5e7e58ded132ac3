"""In whose name servers are called: keys, tenants, certificates."""

import datetime
import logging
import subprocess
import sys
import traceback
from functools import partial

import grpc
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from semblant import AsyncClient, Client
from semblant.access import Access, Tls, read_access
from semblant.v1.models_pb2 import ListModelsResponse

from gateway.access.caller import Scope
from gateway.access.keys import KeyStore
from gateway.errors import (
    InferenceUnavailable,
    PermissionDenied,
    SemblantError,
    SetupIncomplete,
    Unauthenticated,
)
from gateway.serving.access import make_access
from gateway.serving.services import assemble
from gateway.serving.testing import fake_services
from gateway.settings import Settings
from tests.unit.sdk.answers import REPORT, Server, problem
from tests.unit.sdk.fake_grpc import fake_server
from tests.unit.sdk.served import DOORS, KINDS, called, serving

KEY = "smb_abcdefgh_" + "s" * 43
MODELS = {"ListModels": ListModelsResponse()}

kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("SEMBLANT_API_KEY", raising=False)


@kinds
async def test_a_key_and_a_tenant_by_grpc(kind):
    with fake_server(**MODELS) as server:
        client = {"api_key": KEY, "tenant": "acme"}
        await called(server.address, kind, "models", client=client)
    assert server.metadata["authorization"] == f"Bearer {KEY}"
    assert server.metadata["x-semblant-tenant"] == "acme"


@kinds
async def test_a_key_and_a_tenant_by_http(kind):
    server = Server(httpx.Response(200, json=REPORT))
    transport = httpx.MockTransport(server)
    client = {"api_key": KEY, "tenant": "acme", "transport": transport}
    await called("http://there", kind, "faces", b"i", client=client)
    assert server.request.headers["authorization"] == f"Bearer {KEY}"
    assert server.request.headers["x-semblant-tenant"] == "acme"


@kinds
async def test_the_key_of_the_environment(kind, monkeypatch):
    monkeypatch.setenv("SEMBLANT_API_KEY", KEY)
    with fake_server(**MODELS) as server:
        await called(server.address, kind, "models")
        assert server.metadata["authorization"] == f"Bearer {KEY}"
        await called(server.address, kind, "models", client={"api_key": "another"})
        assert server.metadata["authorization"] == "Bearer another"
        monkeypatch.setenv("SEMBLANT_API_KEY", "")
        await called(server.address, kind, "models")
        assert "authorization" not in server.metadata


@kinds
async def test_without_a_key_none_is_sent(kind):
    with fake_server(**MODELS) as server:
        await called(server.address, kind, "models")
    assert "authorization" not in server.metadata


@pytest.mark.parametrize("door", ["http", "grpc"])
def test_the_command_line_sends_the_key_of_the_environment(door, semblant, pictures, monkeypatch):
    monkeypatch.setenv("SEMBLANT_API_KEY", KEY)
    seen = []
    if door == "http":
        server = Server(httpx.Response(200, json=REPORT))
        sent = httpx.MockTransport(server)
        monkeypatch.setattr(httpx, "AsyncHTTPTransport", lambda: sent)
        done = semblant("faces", pictures[1], "--json", "--server", "http://there")
        seen.append(server.request.headers["authorization"])
    else:
        with fake_server(**MODELS) as fake:
            done = semblant("models", "list", "--server", fake.address)
        seen.append(fake.metadata["authorization"])
    assert done.code == 0, done.err
    assert seen == [f"Bearer {KEY}"]
    assert KEY not in done.out + done.err


def shown(error):
    """Return all that may be read of an error and of what lies behind it."""
    text = "".join(traceback.format_exception(error))
    while error is not None:
        text += repr(error) + str(vars(error))
        error = error.__cause__
    return text


@kinds
async def test_keys_are_neither_shown_nor_logged(kind, caplog):
    caplog.set_level(logging.DEBUG)
    refused = Server(problem("unauthenticated"))
    away = Server(httpx.ConnectError("refused"))
    told = ""
    for server in (refused, away):
        client = {"api_key": KEY, "retries": 0, "transport": httpx.MockTransport(server)}
        with pytest.raises(SemblantError) as raised:
            await called("http://there", kind, "faces", b"i", client=client)
        told += str(raised.value) + repr(raised.value) + repr(vars(raised.value))
    with fake_server(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL) as server:
        client = {"api_key": KEY, "retries": 0}
        for _ in range(2):
            with pytest.raises(SemblantError) as raised:
                await called(server.address, kind, "faces", b"i", client=client)
            told += shown(raised.value)
    assert KEY not in told
    assert KEY not in caplog.text


def test_keys_are_not_in_what_represents_a_client():
    access = read_access("grpcs://there", api_key=KEY)
    assert KEY not in repr(access) + str(access)
    for address in ("http://there", "grpc://there"):
        client = Client(address, api_key=KEY)
        assert KEY not in repr(client) + repr(vars(client)) + repr(vars(client._calls))
        client.close()


@pytest.mark.parametrize("key", ["a b", "a\nb", "ä", "\x7f", "a\r\nX-Evil: 1"])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_what_cannot_be_a_key_is_told_without_being_shown(kind, key):
    for address in ("http://there", "grpc://there"):
        with pytest.raises(ValueError, match="API key") as raised:
            kind(address, api_key=key)
        assert repr(key) not in str(raised.value)
        assert key not in str(raised.value).replace("the API key holds", "")


@kinds
@pytest.mark.parametrize("door", DOORS)
async def test_a_service_knows_its_callers_by_their_keys(kind, door, tmp_path, monkeypatch):
    access = make_access(Settings(auth="keys", data_dir=tmp_path))
    monkeypatch.setattr("gateway.serving.testing.assemble", partial(assemble, access=access))
    async with serving(fake_services(auth="keys", data_dir=tmp_path)) as served:
        keys = KeyStore(access.engine)
        secret = keys.create("acme", [Scope.IDENTITIES]).secret
        client = {"api_key": secret, "tenant": "acme"}
        assert await served.call(door, kind, "identities", client=client) == []
        for other, error in (
            ({}, Unauthenticated),
            ({"api_key": KEY}, Unauthenticated),
            ({"api_key": secret, "tenant": "others"}, PermissionDenied),
        ):
            with pytest.raises(error) as raised:
                await served.call(door, kind, "identities", client=other)
            assert secret not in shown(raised.value)
        with pytest.raises(PermissionDenied):
            await served.call(door, kind, "faces", b"i", client=client)


# Addresses


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("grpc://there:7", "there:7"),
        ("grpc://there", "there:50051"),
        ("grpcs://[::1]:7/", "[::1]:7"),
    ],
)
def test_addresses_of_grpc(address, target):
    assert (read_access(address).target, read_access(address).by_grpc) == (target, True)


@pytest.mark.parametrize(
    "address", ["grpc://", "grpc://there/path", "grpc://a:b@there", "grpc://there?x=1", "dns:///x"]
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_what_is_no_address_of_grpc(kind, address):
    with pytest.raises(ValueError, match="no address"):
        kind(address)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_arguments_that_do_not_fit(kind, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(ValueError, match="grpcs"):
        kind("grpc://there", root_certificates=file)
    with pytest.raises(ValueError, match="grpcs"):
        kind("https://there", client_key=file, client_certificate=file)
    with pytest.raises(ValueError, match="needs its key"):
        kind("grpcs://there", client_certificate=file)
    with pytest.raises(FileNotFoundError):
        kind("grpcs://there", root_certificates=tmp_path / "none")
    with pytest.raises(ValueError, match="of HTTP"):
        kind("grpc://there", transport=httpx.MockTransport(lambda request: None))


def test_certificates_are_not_shown():
    assert "PRIVATE" not in repr(Access("grpcs://x", tls=Tls(b"", b"", b"PRIVATE")))
    assert "PRIVATE" not in repr(Tls(key=b"PRIVATE"))


# TLS


def pem(private):
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def certificate(name, issuer=None):
    """Return a certificate and its key; of itself, or of an issuer."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, key = issuer or (None, private)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if signer is None else signer.subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made, private


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Paths of PEM files by name: an authority, a server and a client of its."""
    folder = tmp_path_factory.mktemp("tls")
    authority = certificate("authority")
    made = {"ca": authority} | {n: certificate(n, authority) for n in ("server", "client")}
    paths = {}
    for name, (public, private) in made.items():
        paths[name], paths[f"{name}_key"] = folder / f"{name}.pem", folder / f"{name}.key"
        paths[name].write_bytes(public.public_bytes(serialization.Encoding.PEM))
        paths[f"{name}_key"].write_bytes(pem(private))
    return paths


@kinds
async def test_both_sides_show_their_certificates(kind, certificates):
    read = {name: path.read_bytes() for name, path in certificates.items()}
    credentials = grpc.ssl_server_credentials(
        [(read["server_key"], read["server"])], read["ca"], require_client_auth=True
    )
    trusted = {"root_certificates": certificates["ca"]}
    own = {
        "client_certificate": str(certificates["client"]),
        "client_key": str(certificates["client_key"]),
    }
    with fake_server(credentials=credentials, **MODELS) as server:
        assert server.address.startswith("grpcs://")
        client = {**trusted, **own, "api_key": KEY}
        assert await called(server.address, kind, "models", client=client) == []
        assert server.metadata["authorization"] == f"Bearer {KEY}"
        for lacking in (trusted, own):
            client = {**lacking, "retries": 0}
            with pytest.raises(InferenceUnavailable):
                await called(server.address, kind, "models", client=client)


# What is installed, and what is imported


def said(script):
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_client_by_http_loads_nothing_of_grpc():
    script = (
        "import sys; from semblant import AsyncClient, Client; Client('http://there').close(); "
        "AsyncClient('https://there'); heavy = ('grpc', 'google.protobuf', 'semblant.rpc', "
        "'semblant.v1', 'numpy'); print([m for m in heavy if m in sys.modules])"
    )
    assert said(script) == "[]"


def test_a_client_by_grpc_loads_no_numpy():
    script = (
        "import sys; from semblant import Client; Client('grpc://there').close(); "
        "heavy = ('numpy', 'PIL', 'pydantic', 'gateway.rpc', 'fastapi'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    assert said(script) == "[]"


@pytest.mark.parametrize("module", ["grpc", "google", "google.rpc"])
@pytest.mark.parametrize("kind", ["Client", "AsyncClient"])
def test_the_extra_is_named_where_it_is_missing(kind, module):
    script = (
        f"import sys; sys.modules[{module!r}] = None\n"
        f"from semblant import {kind}, SemblantError\n"
        f"try: {kind}('grpc://there')\n"
        "except SemblantError as error: print(type(error).__name__, error)"
    )
    told = said(script)
    assert told.startswith(SetupIncomplete.__name__)
    assert "semblant[grpc]" in told
