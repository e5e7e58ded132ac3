"""An OIDC issuer in memory, whose faults a test chooses."""

import json
import time

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

URL = "https://issuer.test/realm"
AUDIENCE = "semblant"
JWKS_URL = "https://issuer.test/keys"


class Signer:
    """A key pair of an issuer."""

    def __init__(self, kid: str | None, algorithm: str = "ES256", *, bits: int = 2048) -> None:
        self.kid, self.algorithm = kid, algorithm
        if algorithm.startswith("RS"):
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())

    def jwk(self, **changes) -> dict:
        """Return the public key as an issuer states it."""
        to_jwk = jwt.get_algorithm_by_name(self.algorithm).to_jwk
        told = to_jwk(self.private.public_key(), as_dict=True)
        told = {n: v for n, v in told.items() if n != "key_ops"} | {"use": "sig"} | changes
        return told if self.kid is None else told | {"kid": self.kid}

    def sign(self, *, headers=None, without=(), **changes) -> str:
        """Return a token."""
        now = int(time.time())
        claims = {
            "iss": URL,
            "aud": AUDIENCE,
            "sub": "alice",
            "exp": now + 300,
            "iat": now,
            "tenant": "acme",
            "scope": "openid swap jobs",
        }
        claims = {n: v for n, v in (claims | changes).items() if n not in without}
        headers = ({} if self.kid is None else {"kid": self.kid}) | (headers or {})
        return jwt.encode(claims, self.private, self.algorithm, headers)


class FakeIssuer:
    """Answers as an issuer does; counts how often its keys are fetched."""

    def __init__(self, *signers: Signer) -> None:
        self.keys = [signer.jwk() for signer in signers]
        self.configuration = {"issuer": URL, "jwks_uri": JWKS_URL}
        self.down = False
        self.fetched = 0
        self.answer: httpx.Response | None = None
        self.gate = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("no route to the secret host")
        if request.url.path.endswith("/.well-known/openid-configuration"):
            return httpx.Response(200, json=self.configuration)
        assert str(request.url) == JWKS_URL
        self.fetched += 1
        if self.gate is not None:
            await self.gate.wait()
        return self.answer or httpx.Response(200, content=json.dumps({"keys": self.keys}))

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)
