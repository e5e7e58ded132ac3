"""The settings of access: who may call, and how much."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field
from pydantic_settings import NoDecode


class AccessSettings(BaseModel):
    """The settings that `gateway.settings.Settings` has about access."""

    auth: Literal["off", "keys", "oidc", "keys+oidc"] = Field(
        "off",
        description="Who may call. off: everybody on this machine, in the name of any tenant; "
        "keys: holders of an API key; oidc: holders of a token of an OIDC issuer; keys+oidc: "
        "both.",
    )
    auth_off_anywhere: bool = Field(
        False,
        description="Let everybody call who can reach the service, in a network where everybody is "
        "trusted, if nobody has to authenticate: `true` or `false`.",
    )
    auth_cache_s: float = Field(
        5.0,
        ge=0,
        description="Seconds a valid API key is remembered, and for which a revoked one may still "
        "work; 0: it is looked up for every request.",
    )
    oidc_issuer: str = Field("", description="Address of the issuer, as its tokens name it.")
    oidc_audience: str = Field(
        "", description="What tokens must be meant for: a value of their claim `aud`."
    )
    oidc_jwks_url: str = Field(
        "",
        description="Address of the issuer's key set; empty: as its document "
        "`/.well-known/openid-configuration` says.",
    )
    oidc_algorithms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("RS256", "ES256", "EdDSA"),
        description="Signatures of tokens that are accepted, separated by commas; `none` and HMAC "
        "never are.",
    )
    oidc_leeway_s: float = Field(
        30.0, ge=0, description="Seconds by which the clocks of issuer and service may differ."
    )
    oidc_tenant_claim: str = Field("tenant", description="Claim that names the caller's tenant.")
    oidc_scope_claim: str = Field(
        "scope", description="Claim of the caller's scopes: a list, or words in a text."
    )
    oidc_scope_prefix: str = Field(
        "",
        description="What the names of this service's scopes begin with there, such as "
        "`semblant:`; others are ignored.",
    )
    oidc_max_age_s: float = Field(
        600.0, gt=0, description="Seconds after which the issuer's keys are fetched again."
    )
    oidc_refetch_s: float = Field(
        30.0,
        gt=0,
        description="Least seconds between two attempts to fetch the issuer's keys, however many "
        "tokens name a key that is not known.",
    )
    oidc_grace_s: float = Field(
        3600.0,
        ge=0,
        description="Seconds that old keys of the issuer count beyond their time while it does not "
        "answer.",
    )
    oidc_timeout_s: float = Field(
        5.0, gt=0, description="Seconds that fetching the issuer's keys may take."
    )
    quota_requests_per_minute: int = Field(
        0, ge=0, description="Requests of one tenant in a minute; 0 = unlimited."
    )
    quota_jobs: int = Field(
        0, ge=0, description="Jobs of one tenant that have not ended; 0 = unlimited."
    )
    quota_video_minutes_per_day: float = Field(
        0.0,
        ge=0,
        description="Minutes (60 seconds) of video accepted from one tenant in a day, UTC; 0 = "
        "unlimited.",
    )
    quota_bytes: int = Field(
        0, ge=0, description="Bytes that are kept for one tenant; 0 = unlimited."
    )

    @property
    def limits_anything(self) -> bool:
        """Whether tenants have limits."""
        limits = (
            self.quota_requests_per_minute,
            self.quota_jobs,
            self.quota_video_minutes_per_day,
            self.quota_bytes,
        )
        return any(limits)
