"""The log: entries that stay, and checks that see every way of changing them."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from gateway.database import APPEND_ONLY, AUDIT_ENTRIES, AUDIT_SUBJECTS, make_engine
from gateway.errors import AuditUnavailable
from gateway.trust.audit.check import anchor_of, check, grown, prove, proven, read_anchor
from gateway.trust.audit.events import AuditEvent
from gateway.trust.audit.heads import HeadSigner
from gateway.trust.audit.log import AuditLog, Entry

SECRET = b"a secret of the log, of 32 bytes"
OTHER = b"another secret, of somebody else"
PUBLIC = HeadSigner(SECRET).public
EVENT = AuditEvent(action="swap", tenant="acme", reference="req_1", output_sha256="ab" * 32)


@pytest.fixture
def log(database):
    log = AuditLog(database, lambda: SECRET, head_every=4)
    yield log
    log.close()


def filled(log, count=7):
    for n in range(count):
        log.append(AuditEvent(action="swap", tenant="acme", reference=f"req_{n}"))


def checked(log, **more):
    return check(log.entries(), log.edge(), log.heads(), key=PUBLIC, **more)


def unlocked(engine, change):
    """Change the log as somebody does who may do anything with the database."""
    with engine.begin() as connection:
        for name in ("no_update", "no_delete"):
            connection.execute(sa.text(f"DROP TRIGGER semblant_audit_{name}"))
        connection.execute(change)
        for statement in APPEND_ONLY["sqlite"]:
            connection.execute(sa.text(statement))


def test_entries_are_numbered_in_their_order(log):
    assert [log.append(EVENT) for _ in range(5)] == [0, 1, 2, 3, 4]
    entries = list(log.entries())
    assert [entry.sequence for entry in entries] == [0, 1, 2, 3, 4]
    assert all(entry.facts["output_sha256"] == "ab" * 32 for entry in entries)
    assert checked(log).fault is None


def test_many_writers_leave_no_gap(database):
    logs = [AuditLog(database, lambda: SECRET) for _ in range(3)]
    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(lambda n: logs[n % 3].append(EVENT), range(90)))
    for one in logs:
        one.close()
    assert sorted(found) == list(range(90))
    assert checked(logs[0]).entries == 90
    assert checked(logs[0]).fault is None


def test_an_entry_is_there_before_its_writer_goes_on(log, database):
    number = log.append(EVENT)
    other = make_engine(database.url, connections=1)
    (entry,) = AuditLog(other, lambda: SECRET).entries(number)
    other.dispose()
    assert entry.sequence == number


@pytest.mark.parametrize(
    "verb", [sa.update(AUDIT_ENTRIES).values(text=""), sa.delete(AUDIT_ENTRIES)]
)
def test_the_database_refuses_to_change_entries(log, database, verb):
    filled(log)
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), database.begin() as connection:
        connection.execute(verb)
    assert checked(log).entries == 7


def of(sequence):
    return AUDIT_ENTRIES.c.sequence == sequence


THERE = AUDIT_ENTRIES.alias()
CHANGES = {
    "an entry is removed": (sa.delete(AUDIT_ENTRIES).where(of(3)), "missing", 3),
    "the last ones are cut off": (
        sa.delete(AUDIT_ENTRIES).where(AUDIT_ENTRIES.c.sequence >= 5),
        "truncated",
        5,
    ),
    "an entry is written over": (
        sa.update(AUDIT_ENTRIES).where(of(2)).values(text='{"sequence":2,"previous":""}'),
        "changed",
        2,
    ),
    "an entry is no text": (
        sa.update(AUDIT_ENTRIES).where(of(2)).values(text="{"),
        "unreadable",
        2,
    ),
    "two change places": (
        sa.update(AUDIT_ENTRIES)
        .where(AUDIT_ENTRIES.c.sequence.in_([2, 3]))
        .values(
            text=sa.select(THERE.c.text)
            .where(THERE.c.sequence == 5 - AUDIT_ENTRIES.c.sequence)
            .scalar_subquery()
        ),
        "changed",
        2,
    ),
    "one is put in": (
        sa.insert(AUDIT_ENTRIES).values(sequence=7, text='{"sequence":7,"previous":""}'),
        "changed",
        7,
    ),
}


@pytest.mark.parametrize(("change", "fault", "sequence"), CHANGES.values(), ids=CHANGES)
def test_changes_are_seen_and_where(log, database, change, fault, sequence):
    filled(log)
    unlocked(database, change)
    found = checked(log)
    assert (found.fault, found.sequence) == (fault, sequence)


def test_a_log_that_was_written_anew_is_not_the_one_that_was_signed(log, database):
    filled(log)
    anchor = log.sign_head()
    forged = sa.select(AUDIT_ENTRIES.c.text).where(of(6))
    with database.connect() as connection:
        text = connection.execute(forged).scalar_one().replace("req_6", "req_x")
    unlocked(database, sa.update(AUDIT_ENTRIES).where(of(6)).values(text=text))
    assert checked(log, anchor=anchor).fault in ("head", "anchor")
    assert not grown(log, anchor)


def test_heads_are_signed_every_so_often_and_fit(log):
    filled(log, 9)
    assert [head.size for head in log.heads()] == [4, 8]
    assert all(head.valid() for head in log.heads())
    assert checked(log).fault is None


def test_an_anchor_outlives_what_the_log_becomes(log):
    filled(log, 3)
    text = anchor_of(log.sign_head())
    filled(log, 3)
    anchor = read_anchor(text)
    assert grown(log, anchor)
    assert checked(log, anchor=anchor).fault is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind":"semblant-audit-anchor-1","head":{}}'])
def test_what_is_no_anchor_is_told(text):
    with pytest.raises(ValueError, match=r".+"):
        read_anchor(text)


def test_an_anchor_of_another_log_is_none_of_this_one(log):
    filled(log)
    edge = log.edge()
    anchor = HeadSigner(OTHER).signed(edge.size, edge.root(), 0)
    assert checked(log, anchor=anchor).fault == "anchor"


@pytest.mark.parametrize("sequence", range(7))
def test_an_entry_is_proven_without_the_log(log, sequence):
    filled(log)
    document = json.loads(json.dumps(prove(log, sequence)))
    assert proven(document, key=PUBLIC)["reference"] == f"req_{sequence}"
    assert proven(document, key=HeadSigner(OTHER).public) is None
    for name, other in (
        ("entry", document["entry"].replace("req_", "job_")),
        ("sequence", sequence + 1),
        ("proof", document["proof"][:-1]),
        ("kind", ""),
    ):
        assert proven(document | {name: other}, key=PUBLIC) is None
    assert proven({}, key=PUBLIC) is None


def test_what_is_about_a_person_is_encrypted_and_can_be_forgotten(log, database):
    log.append(
        AuditEvent(
            action="identity_created",
            tenant="acme",
            reference="idn_1",
            subject="idn_1",
            personal={"name": "Alice"},
        )
    )
    (entry,) = log.entries()
    assert "Alice" not in entry.text
    assert "idn_1" not in entry.facts["subject"]
    assert log.personal("acme", entry, "idn_1") == {"subject": "idn_1", "name": "Alice"}
    assert log.personal("acme", entry, "idn_2") is None
    before = prove(log, 0)
    assert log.forget("acme", "idn_1")
    assert not log.forget("acme", "idn_1")
    assert log.personal("acme", entry, "idn_1") is None
    assert checked(log).fault is None
    assert proven(before, key=PUBLIC) is not None
    with database.connect() as connection:
        assert connection.execute(sa.select(AUDIT_SUBJECTS)).first() is None


def test_somebody_who_comes_back_gets_another_key(log):
    event = AuditEvent(
        action="identity_created", tenant="a", subject="idn_1", personal={"name": "Alice"}
    )
    log.append(event)
    log.forget("a", "idn_1")
    log.append(event)
    first, second = log.entries()
    assert log.personal("a", second, "idn_1")["name"] == "Alice"
    with pytest.raises(ValueError, match="changed"):
        log.personal("a", first, "idn_1")


def test_a_log_that_cannot_be_written_is_told_and_work_is_refused(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'none' / 'jobs.sqlite'}", connections=1)
    log = AuditLog(engine, lambda: SECRET)
    log.require()
    with pytest.raises(AuditUnavailable):
        log.append(EVENT)
    with pytest.raises(AuditUnavailable):
        log.require()
    log.close()
    engine.dispose()


def test_a_clock_that_goes_back_changes_nothing(database):
    times = iter([5000, 3000, 4000])
    log = AuditLog(database, lambda: SECRET, now_ms=lambda: next(times))
    for _ in range(3):
        log.append(EVENT)
    log.close()
    assert [entry.facts["at_ms"] for entry in log.entries()] == [5000, 3000, 4000]
    assert check(log.entries(), log.edge(), []).fault is None


def test_an_entry_is_what_its_text_says():
    assert Entry(0, '{"a":1}').facts == {"a": 1}


def test_closing_waits_for_what_is_written(database):
    log = AuditLog(database, lambda: SECRET)
    threads = [threading.Thread(target=log.append, args=(EVENT,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    log.close()
    assert log.edge().size == 8
