"""Consents: what they cover, and what is asked before a face is used."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConsentRequired, ConsentWithdrawn
from gateway.trust.consent import MEDIA, Consent, ConsentRules
from gateway.trust.sealed import Cipher

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CONSENT = Consent(NOW - DAY, "Yes.")


@pytest.mark.parametrize("medium", MEDIA)
def test_without_limits_it_covers_everything(medium):
    assert CONSENT.refusal(medium, "", NOW) is None
    assert CONSENT.refusal(medium, "dubbing", NOW) is None


LIMITED = {
    "not begun": (replace(CONSENT, begins=NOW + DAY), "begins"),
    "ended": (replace(CONSENT, ends=NOW), "ended"),
    "withdrawn": (replace(CONSENT, withdrawn=NOW), "withdrawn"),
    "other media": (replace(CONSENT, media=("video", "live")), "not for picture"),
    "other purposes": (replace(CONSENT, purposes=("dubbing",)), "other purposes"),
}


@pytest.mark.parametrize(("consent", "reason"), LIMITED.values(), ids=LIMITED)
def test_its_limits_are_told(consent, reason):
    assert reason in consent.refusal("picture", "advertising", NOW)


def test_a_purpose_has_to_be_stated_where_there_are_some():
    limited = replace(CONSENT, purposes=("dubbing",))
    assert limited.refusal("video", "dubbing", NOW) is None
    assert "stated purposes only" in limited.refusal("video", "", NOW)


@given(
    st.text(max_size=20),
    st.lists(st.text(min_size=1, max_size=9), max_size=3),
    st.sets(st.sampled_from(MEDIA), min_size=1),
    st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_a_record_comes_back(statement, purposes, media, ends):
    consent = Consent(NOW, statement, "s", tuple(purposes), tuple(media), None, ends, "ab" * 32)
    assert Consent.of_facts(consent.facts()) == consent


def test_records_of_later_releases_are_read():
    assert Consent.of_facts(CONSENT.facts() | {"later": 1}) == CONSENT


def test_the_digest_is_of_what_was_agreed_to():
    assert CONSENT.digest() == CONSENT.withdraw(NOW).digest()
    assert CONSENT.digest() != replace(CONSENT, statement="No.").digest()
    assert len(CONSENT.digest()) == 64


def test_it_is_withdrawn_once():
    gone = CONSENT.withdraw(NOW)
    assert gone.withdrawn == NOW
    assert gone.withdraw(NOW + DAY) == gone


@pytest.mark.parametrize("mode", ["off", "attested", "required"])
def test_a_withdrawn_consent_covers_nothing_whatever_is_asked(mode):
    with pytest.raises(ConsentWithdrawn):
        ConsentRules(mode, "picture").require(CONSENT.withdraw(), "")


@pytest.mark.parametrize(
    ("mode", "refused"), [("off", False), ("attested", True), ("required", True)]
)
def test_limits_count_unless_nothing_is_asked(mode, refused):
    rules, ended = ConsentRules(mode, "picture"), replace(CONSENT, ends=NOW - DAY)
    if refused:
        with pytest.raises(ConsentRequired, match="ended"):
            rules.require(ended, "")
    else:
        rules.require(ended, "")


def test_whose_faces_are_sent_is_asked_only_where_it_is_required():
    for mode in ("off", "attested"):
        ConsentRules(mode, "video").require_claims(sent=2, claimed=0)
    rules = ConsentRules("required", "video")
    rules.require_claims(sent=0, claimed=0)
    rules.require_claims(sent=2, claimed=1)
    with pytest.raises(ConsentRequired):
        rules.require_claims(sent=1, claimed=0)


@given(st.binary(max_size=200))
def test_what_is_sealed_is_opened_by_its_secret_alone(data):
    cipher, other = Cipher(lambda: b"a" * 32), Cipher(lambda: b"b" * 32)
    sealed = cipher.sealed("idn_1", data)
    assert cipher.opened("idn_1", sealed) == data
    assert data not in sealed or len(data) < 8
    for wrong, id in ((other, "idn_1"), (cipher, "idn_2")):
        with pytest.raises(ValueError, match="decrypted"):
            wrong.opened(id, sealed)
    with pytest.raises(ValueError, match="decrypted"):
        cipher.opened("idn_1", sealed[:-1] + bytes([sealed[-1] ^ 1]))
