"""The secret that keys of watermarks and of stored portraits follow from."""

from __future__ import annotations

from gateway.errors import SetupIncomplete
from gateway.settings import Settings
from gateway.trust.secret_files import secret_in


def trust_secret(settings: Settings) -> bytes:
    """Return the secret of the settings, or that in the folder of data, which is made if needed.

    Raises:
        SetupIncomplete: processes share a database and no secret, or the file cannot be used.
    """
    stated = settings.trust_secret
    if stated is not None:
        return stated.get_secret_value().encode()
    if settings.jobs_database_url:
        raise SetupIncomplete(
            "Processes that share a database need a common SEMBLANT_TRUST_SECRET of 32 characters."
        )
    return secret_in(settings.data_dir / "trust" / "secret")
