"""Scopes and who has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.caller import TENANT, Caller, Scope, read_scopes, require
from gateway.errors import PermissionDenied

SCOPES = st.frozensets(st.sampled_from(list(Scope)))


@given(SCOPES, st.sampled_from(list(Scope)))
def test_a_caller_may_what_its_scopes_say(scopes, wanted):
    caller = Caller("acme", scopes, "key_1")
    allowed = wanted in scopes or Scope.ADMIN in scopes
    assert caller.may(wanted) == allowed
    if allowed:
        require(caller, wanted)
    else:
        with pytest.raises(PermissionDenied) as raised:
            require(caller, wanted)
        assert raised.value.extra == {"scope": wanted, "scopes": sorted(scopes)}


@given(SCOPES)
def test_scopes_are_read_as_they_are_written(scopes):
    assert read_scopes([str(scope) for scope in scopes]) == scopes


def test_an_unknown_scope_is_named():
    with pytest.raises(ValueError, match="'root' is no scope"):
        read_scopes(["swap", "root"])


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-a", "a b", "a\n", "ä", "a" * 65])
def test_what_is_no_tenant(name):
    assert not TENANT.fullmatch(name)
