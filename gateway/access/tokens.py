"""Tokens (JWT) of an OIDC issuer, and whom they stand for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from gateway.access.caller import TENANT, Caller, Scope
from gateway.access.issuer import Issuer
from gateway.access.key_set import Jwk, KeySet
from gateway.errors import SetupIncomplete, Unauthenticated

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Accepted unless the settings say otherwise."""
_KINDS = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
"""Signatures with public keys, and the kind of key each needs. HMAC is not among them: its secret
would be the public key."""
_REQUIRED = ("exp", "iss", "aud", "sub")
_LONGEST_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class TokenRules:
    """Which tokens are accepted, and what their claims mean.

    Attributes:
        issuer: What `iss` must be.
        audience: What `aud` must be or contain.
        algorithms: Of signatures.
        leeway_s: Seconds by which clocks may differ.
        tenant_claim: The claim that names the tenant.
        scope_claim: The claim of the scopes: a list, or words in a text.
        scope_prefix: What the names of our scopes begin with there; others are left out.
    """

    issuer: str
    audience: str
    algorithms: Collection[str] = ALGORITHMS
    leeway_s: float = 30.0
    tenant_claim: str = "tenant"
    scope_claim: str = "scope"
    scope_prefix: str = ""

    def __post_init__(self) -> None:
        """Check them.

        Raises:
            SetupIncomplete: a needed one is missing, or an algorithm may not be used.
        """
        if not self.issuer or not self.audience:
            raise SetupIncomplete(
                "Tokens need SEMBLANT_OIDC_ISSUER and SEMBLANT_OIDC_AUDIENCE to be checked against."
            )
        wrong = sorted(set(self.algorithms) - set(_KINDS))
        if wrong or not self.algorithms:
            raise SetupIncomplete(
                f"Tokens may be signed with {', '.join(_KINDS)}, not with "
                f"{', '.join(wrong) or 'nothing'}."
            )


class Tokens:
    """Checks the tokens of one issuer; of one event loop. See `TokenVerifier`.

    Args:
        rules: Which tokens are accepted.
        issuer: Fetches its keys.
        keys: Remembers them.
    """

    def __init__(self, rules: TokenRules, issuer: Issuer, keys: KeySet) -> None:
        self._rules = rules
        self._issuer = issuer
        self._keys = keys
        self._decoder = jwt.PyJWT({"enforce_minimum_key_length": True})

    async def verify(self, token: str) -> Caller:
        """Return whose token it is.

        Raises:
            Unauthenticated: it is not valid here, or names no tenant.
            IssuerUnavailable: that cannot be found out at present.
        """
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise Unauthenticated("The token cannot be read.") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        # Before the key is looked up: what is never accepted costs nothing.
        if not isinstance(algorithm, str) or algorithm not in self._rules.algorithms:
            raise Unauthenticated("The token's signature is of a kind that is not accepted.")
        jwk = await self._keys.key(kid if isinstance(kid, str) else None)
        claims = self._claims(token, algorithm, _verifying_key(jwk, algorithm))
        return self._caller(claims)

    async def close(self) -> None:
        """Close the connections to the issuer."""
        await self._keys.close()
        await self._issuer.close()

    def _claims(self, token: str, algorithm: str, key: jwt.PyJWK) -> Mapping[str, Any]:
        """Return the claims of a token whose signature and times are right."""
        rules = self._rules
        try:
            return self._decoder.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=rules.audience,
                issuer=rules.issuer,
                leeway=rules.leeway_s,
                options={"require": list(_REQUIRED)},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired.") from None
        except jwt.ImmatureSignatureError:
            raise Unauthenticated("The token is not valid yet.") from None
        except (jwt.InvalidAudienceError, jwt.InvalidIssuerError):
            raise Unauthenticated("The token is not meant for this service.") from None
        except jwt.MissingRequiredClaimError as error:
            raise Unauthenticated(f"The token lacks the claim {error.claim}.") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise Unauthenticated("The token is not valid.") from None

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        rules = self._rules
        tenant, subject = claims.get(rules.tenant_claim), claims["sub"]
        if not isinstance(tenant, str) or not TENANT.fullmatch(tenant):
            raise Unauthenticated("The token names no tenant.")
        # It is written to logs.
        if not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise Unauthenticated("The token's subject is not valid.")
        scopes = _scopes(claims.get(rules.scope_claim), rules.scope_prefix)
        return Caller(tenant, scopes, subject, float(claims["exp"]))


def _verifying_key(jwk: Jwk, algorithm: str) -> jwt.PyJWK:
    """Return a key for signatures of an algorithm.

    Raises:
        Unauthenticated: it is not meant for these.
    """
    fits = (
        jwk.get("kty") == _KINDS[algorithm]
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", algorithm) == algorithm
    )
    try:
        if fits:
            return jwt.PyJWK(jwk, algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        pass
    raise Unauthenticated("The token's key is not meant for its signature.")


def _scopes(claim: object, prefix: str) -> frozenset[Scope]:
    """Return our scopes among those of a token; those of other services are left out."""
    words = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
    named = {
        word.removeprefix(prefix)
        for word in words
        if isinstance(word, str) and word.startswith(prefix)
    }
    return frozenset(scope for scope in Scope if scope in named)
