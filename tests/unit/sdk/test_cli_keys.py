"""Keys and limits from the shell, in the database of the settings."""

import json
import re

import pytest

from gateway.access.keys import KeyStore
from gateway.serving.access import access_database
from gateway.settings import Settings

KEY = re.compile(r"smb_[a-z0-9]{8}_[\w-]{43}")
NOBODY = "key_" + "0" * 32


@pytest.fixture
def keys(semblant, monkeypatch, tmp_path):
    """The command line over a database that is made by the first command."""
    monkeypatch.setenv("SEMBLANT_DATA_DIR", str(tmp_path))
    return semblant


def find(folder, secret):
    with access_database(Settings(data_dir=folder)) as engine:
        return KeyStore(engine).find(secret)


def test_a_key_from_its_making_to_its_end(keys, tmp_path):
    done = keys("keys", "create", "--tenant", "acme", "--name", "[b]ci", "--expires", "90d")
    assert done.code == 0, done.err
    secret = done.out.strip()
    assert KEY.fullmatch(secret)
    record = find(tmp_path, secret)
    assert (record.tenant, record.name, record.scopes) == ("acme", "[b]ci", {"swap", "jobs"})
    assert record.expires - record.created == pytest.approx(90 * 86400, abs=1)
    assert record.id in done.err
    assert secret not in done.err

    done = keys("keys", "list")
    head, row = done.out.splitlines()
    assert head.split() == ["id", "key", "tenant", "name", "scopes", "state", "last", "used"]
    assert row.split()[:6] == [record.id, f"smb_{record.prefix}_…", "acme", "[b]ci", "jobs", "swap"]
    assert secret not in done.out

    done = keys("keys", "rotate", record.id, "--overlap", "1h")
    other = done.out.strip()
    assert find(tmp_path, other).replaces == record.id
    assert find(tmp_path, secret) is not None

    done = keys("keys", "revoke", record.id)
    assert (done.code, done.out, done.err) == (0, "", f"revoked {record.id}\n")
    assert find(tmp_path, secret) is None
    assert "revoked" in keys("keys", "list", "--tenant", "acme").out


def test_everything_can_be_had_as_json(keys):
    made = json.loads(keys("keys", "create", "--scope", "admin", "--json").out)
    assert KEY.fullmatch(made["key"])
    assert (made["tenant"], made["scopes"], made["expires"]) == ("default", ["admin"], None)
    assert made["created"].endswith("Z")
    (listed,) = json.loads(keys("keys", "list", "--json").out)
    assert listed == {name: value for name, value in made.items() if name != "key"}
    rotated = json.loads(keys("keys", "rotate", made["id"], "--json").out)
    assert rotated["replaces"] == made["id"]
    revoked = json.loads(keys("keys", "revoke", rotated["id"], "--json").out)
    assert revoked["revoked"] is not None
    assert json.loads(keys("keys", "list", "--tenant", "none", "--json").out) == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("create", "--expires", "soon"), 2, "'soon' is no duration"),
        (("create", "--expires", "0d"), 2, "never be valid"),
        (("create", "--scope", "root"), 2, "'root'"),
        (("create", "--tenant", "../x"), 3, "A tenant has up to 64"),
        (("rotate", NOBODY), 3, "no valid API key"),
        (("rotate", NOBODY, "--overlap", "-1d"), 2, "no duration"),
        (("revoke", NOBODY), 3, "key_not_found"),
    ],
)
def test_what_cannot_be_done_is_told(keys, arguments, code, told):
    done = keys("keys", *arguments)
    assert done.code == code
    assert told in done.words


def test_a_database_that_is_away_is_told(keys, monkeypatch):
    monkeypatch.setenv("SEMBLANT_JOBS_DATABASE_URL", "postgresql://127.0.0.1:9/none")
    done = keys("keys", "list")
    assert done.code == 4
    assert "jobs_unavailable" in done.err


def test_limits_of_a_tenant(keys, monkeypatch):
    monkeypatch.setenv("SEMBLANT_QUOTA_JOBS", "4")
    told = json.loads(keys("tenants", "set", "acme", "--bytes", 10, "--jobs", 2).out)
    assert told["own"] == {"bytes": 10, "jobs": 2}
    shown = json.loads(keys("tenants", "show", "acme").out)
    assert shown == told
    assert shown["limits"]["requests_per_minute"] == 0
    told = json.loads(keys("tenants", "set", "acme").out)
    assert (told["own"], told["limits"]["jobs"]) == ({}, 4)
    assert keys("tenants", "set", "../x", "--jobs", 1).code == 3
