"""Checking the log: against itself, against signed heads, against an anchor kept elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from gateway.trust.audit.events import canonical, heard, told
from gateway.trust.audit.heads import SignedHead
from gateway.trust.audit.log import AuditLog, Entry
from gateway.trust.audit.merkle import (
    Edge,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
)

Fault = Literal["missing", "changed", "unreadable", "truncated", "head", "anchor"]
PROOF, ANCHOR = "semblant-audit-proof-1", "semblant-audit-anchor-1"
"""What files of these kinds begin with."""
_START: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check.

    Attributes:
        entries: Number of entries that were read.
        fault: What is wrong first; None if nothing is. `missing`: numbers are left out, entries
            were removed, inserted or put in another order; `changed`: an entry, or the one before
            it, is not what it was; `truncated`: entries at the end are gone; `head`, `anchor`: the
            log is not the one that was signed.
        sequence: Number of the entry at which that shows.
        detail: In words.
    """

    entries: int
    fault: Fault | None = None
    sequence: int | None = None
    detail: str = ""


def check(
    entries: Iterable[Entry],
    edge: Edge,
    heads: Sequence[SignedHead],
    *,
    key: bytes | None = None,
    anchor: SignedHead | None = None,
) -> Checked:
    """Check the log.

    Args:
        entries: All of them, in the order of their numbers.
        edge: Of the tree, as the log keeps it.
        heads: Signed heads that the log keeps.
        key: Public key by which heads have to be signed; None: any.
        anchor: A head that was exported before, if there is one.
    """
    tree, previous, count = Edge(), _START, 0
    asked = sorted([*heads, *([anchor] if anchor else [])], key=lambda head: head.size)
    for head in asked:
        if not head.valid() or (key is not None and head.key != key):
            return _bad_head(0, head, anchor, "its signature is not this log's")
    asked = [head for head in asked if head.size]
    for entry in entries:
        if entry.sequence != count:
            return Checked(
                count, "missing", count, f"entry {count} is missing; {entry.sequence} follows"
            )
        try:
            facts = entry.facts
        except ValueError:
            return Checked(count, "unreadable", count, f"entry {count} is no JSON")
        if facts.get("sequence") != count or facts.get("previous") != previous.hex():
            return Checked(
                count, "changed", count, f"entry {count} does not follow from the one before it"
            )
        previous = entry.leaf
        tree = tree.added([previous])
        count += 1
        while asked and asked[0].size == count:
            head = asked.pop(0)
            if head.root != tree.root():
                return _bad_head(count, head, anchor, "the log is not the one that was signed")
    if asked:
        detail = f"a head of {asked[-1].size} entries was signed; there are {count}"
        return Checked(count, "truncated", count, detail)
    if (edge.size, edge.root()) != (count, tree.root()):
        fault: Fault = "truncated" if edge.size > count else "changed"
        return Checked(count, fault, count, "the tree that the log keeps has other entries")
    return Checked(count)


def _bad_head(count: int, head: SignedHead, anchor: SignedHead | None, why: str) -> Checked:
    return Checked(
        count, "anchor" if head is anchor else "head", head.size - 1, f"of {head.size}: {why}"
    )


def prove(log: AuditLog, sequence: int) -> dict[str, Any]:
    """Return a document that proves, without the log, that an entry is in it.

    Raises:
        IndexError: there is no such entry.
        AuditUnavailable: the database is not reachable.
    """
    head = log.sign_head()
    entries = [entry for entry in log.entries() if entry.sequence < head.size]
    leaves = [entry.leaf for entry in entries]
    proof = inclusion_proof(leaves, sequence)
    return {
        "kind": PROOF,
        "entry": entries[sequence].text,
        "sequence": sequence,
        "proof": [told(step) for step in proof],
        "head": head.facts(),
    }


def proven(document: Mapping[str, Any], *, key: bytes | None = None) -> Mapping[str, Any] | None:
    """Return what an entry says if a document proves it; None if it does not.

    Args:
        document: As `prove` returned it.
        key: Public key by which its head has to be signed; None: by the one it names itself, which
            whoever checks has to compare.
    """
    try:
        head = SignedHead.of_facts(document["head"])
        text, sequence = document["entry"], int(document["sequence"])
        proof = [heard(step) for step in document["proof"]]
        facts = json.loads(text)
        leaf = leaf_hash(text.encode())
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    signed = head.valid() and (key is None or head.key == key)
    if document.get("kind") != PROOF or not signed or facts.get("sequence") != sequence:
        return None
    if not is_included(leaf, sequence, head.size, proof, head.root):
        return None
    found: Mapping[str, Any] = facts
    return found


def anchor_of(head: SignedHead) -> str:
    """Return the text of a file that holds a head, to be kept elsewhere."""
    return canonical({"kind": ANCHOR, "head": head.facts()})


def read_anchor(text: str) -> SignedHead:
    """Return the head that a file holds.

    Raises:
        ValueError: it is none.
    """
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("kind") != ANCHOR:
        raise ValueError("it is no anchor")
    return SignedHead.of_facts(found["head"])


def grown(log: AuditLog, anchor: SignedHead) -> bool:
    """Return whether the log has grown from what an anchor says, by a proof of RFC 9162."""
    if not anchor.size:
        return True
    leaves = [entry.leaf for entry in log.entries()]
    if len(leaves) < anchor.size:
        return False
    edge = Edge().added(leaves)
    proof = consistency_proof(leaves, anchor.size)
    return is_consistent(anchor.size, edge.size, anchor.root, edge.root(), proof)
