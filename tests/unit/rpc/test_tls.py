"""TLS and mTLS of the gRPC server."""

import datetime
import ipaddress

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from semblant.v1 import models_pb2, models_pb2_grpc

from gateway.errors import SetupIncomplete
from gateway.rpc.server import RpcServer
from gateway.serving.testing import fake_services
from tests.unit.rpc.door import door

PEM = serialization.Encoding.PEM


class Authority:
    """Issues certificates."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        self.certificate = self._signed(self.name, self.key, authority=True)

    def issue(self, name: str) -> tuple[bytes, bytes]:
        """Return a certificate and its key, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._signed(subject, key, authority=False)
        plain = serialization.NoEncryption()
        pem = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain)
        return made.public_bytes(PEM), pem

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    def _signed(self, subject, key, *, authority):
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        if not authority:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        return builder.sign(self.key, hashes.SHA256())


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def files(authority, tmp_path):
    """Return the settings of a server with a certificate."""
    certificate, key = authority.issue("server")
    paths = {
        "grpc_tls_certificate": tmp_path / "server.pem",
        "grpc_tls_key": tmp_path / "server.key",
        "grpc_tls_client_ca": tmp_path / "ca.pem",
    }
    for path, data in zip(paths.values(), (certificate, key, authority.pem), strict=True):
        path.write_bytes(data)
    return paths


async def listed(each, credentials) -> bool:
    address = f"127.0.0.1:{each.server.port}"
    channel = grpc.aio.insecure_channel(address) if credentials is None else None
    channel = channel or grpc.aio.secure_channel(address, credentials)
    async with channel:
        stub = models_pb2_grpc.ModelsServiceStub(channel)
        try:
            await stub.ListModels(models_pb2.ListModelsRequest(), timeout=5)
        except grpc.aio.AioRpcError as error:
            return error.code() is not grpc.StatusCode.UNAVAILABLE
        return True


async def test_with_a_certificate_the_server_speaks_tls_only(files, authority):
    del files["grpc_tls_client_ca"]
    async with door(**files) as each:
        assert await listed(each, grpc.ssl_channel_credentials(authority.pem))
        assert not await listed(each, grpc.ssl_channel_credentials(Authority().pem))
        assert not await listed(each, None)


async def test_with_an_authority_callers_need_its_certificate(files, authority):
    certificate, key = authority.issue("caller")
    foreign, foreign_key = Authority().issue("caller")
    async with door(**files) as each:
        root = authority.pem
        assert await listed(each, grpc.ssl_channel_credentials(root, key, certificate))
        assert not await listed(each, grpc.ssl_channel_credentials(root))
        assert not await listed(each, grpc.ssl_channel_credentials(root, foreign_key, foreign))


@pytest.mark.parametrize("missing", ["grpc_tls_key", "grpc_tls_certificate"])
async def test_half_of_tls_is_none(files, missing):
    del files[missing]
    with pytest.raises(SetupIncomplete):
        RpcServer(fake_services(**files))


async def test_files_that_are_not_there_are_named(files):
    files["grpc_tls_key"].unlink()
    with pytest.raises(SetupIncomplete, match=r"server\.key"):
        RpcServer(fake_services(**files))
