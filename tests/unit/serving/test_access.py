"""Access as the settings want it."""

import pytest

from gateway.access.authenticator import AuthMode, Credentials
from gateway.access.caller import Scope
from gateway.access.keys import KeyStore
from gateway.access.standing import Quota
from gateway.errors import QuotaExceeded, SetupIncomplete
from gateway.serving.access import access_database, make_access
from gateway.settings import Settings

pytestmark = pytest.mark.anyio

OIDC = {"auth": "oidc", "oidc_issuer": "https://issuer.test", "oidc_audience": "semblant"}


async def test_without_authentication_and_limits_there_is_no_database(tmp_path):
    access = make_access(Settings(data_dir=tmp_path))
    await access.start()
    caller = await access.authenticator.authenticate(Credentials())
    assert (await access.quotas.admit(caller.tenant, Quota.REQUESTS)).unlimited
    await access.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_key_of_the_database_is_accepted(tmp_path):
    settings = Settings(data_dir=tmp_path, auth="keys", quota_jobs=1)
    with access_database(settings) as engine:
        secret = KeyStore(engine).create("acme", {Scope.JOBS}).secret
    access = make_access(settings)
    await access.start()
    caller = await access.authenticator.authenticate(Credentials(api_key=secret))
    assert caller.tenant == "acme"
    await access.quotas.admit("acme", Quota.JOBS, in_use=0)
    with pytest.raises(QuotaExceeded):
        await access.quotas.admit("acme", Quota.JOBS, in_use=1)
    await access.close()


async def test_tokens_are_accepted_with_an_issuer(tmp_path):
    access = make_access(Settings(data_dir=tmp_path, oidc_algorithms="ES256, EdDSA", **OIDC))
    assert access.authenticator.mode is AuthMode.OIDC
    await access.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"oidc_issuer": ""},
        {"oidc_issuer": "http://issuer.test"},
        {"oidc_audience": ""},
        {"oidc_algorithms": "HS256"},
        {"jobs_database_url": "mysql://host/db"},
    ],
)
def test_settings_that_cannot_be_used(tmp_path, changes):
    with pytest.raises(SetupIncomplete):
        make_access(Settings(data_dir=tmp_path, **OIDC | changes))


def test_a_schema_is_not_made_where_that_is_done_by_hand(tmp_path):
    (tmp_path / "jobs").mkdir()
    by_hand = Settings(data_dir=tmp_path, jobs_database_upgrade="manual")
    with pytest.raises(SetupIncomplete, match="database upgrade"), access_database(by_hand):
        pass
    with access_database(Settings(data_dir=tmp_path)):
        pass
    with access_database(by_hand) as engine:
        assert KeyStore(engine).records() == []
