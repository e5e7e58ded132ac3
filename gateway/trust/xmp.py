"""XMP packets (ISO 16684-1): what is written into results, and what is read of any file.

IPTC's `DigitalSourceType` is a property of its Extension schema (IPTC Photo Metadata Standard
2023.2). The label `AIGC` of GB 45438-2025 is one of the namespace that the practice guides of TC260
name for pictures (TC260-PG-20259A).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from gateway.trust.provenance import SOURCE_TYPE, AigcLabel

_IPTC: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_TC260: Final = "http://www.tc260.org.cn/ns/AIGC/1.0/"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMP: Final = "http://ns.adobe.com/xap/1.0/"
_BEGIN, _END = b"<x:xmpmeta", b"</x:xmpmeta>"
_PRODUCER: Final = b'"ContentProducer"'
_MOST_TAG: Final = 4096
MOST_BYTES: Final = 1 << 20
"""Of a packet that is read."""


@dataclass(frozen=True, slots=True)
class StatedOrigin:
    """What a file's metadata say of its origin.

    Attributes:
        source_type: IPTC's digital source type, an address; None if it is not stated.
        label: The label `AIGC`; None if there is none.
    """

    source_type: str | None
    label: AigcLabel | None


def packet(label: AigcLabel, creator: str) -> bytes:
    """Return the packet that a result gets.

    Args:
        label: Its label `AIGC`.
        creator: Name of the program.
    """
    text = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{_IPTC}" xmlns:TC260="{_TC260}" '
        f'xmlns:xmp="{_XMP}" xmp:CreatorTool={quoteattr(creator)}>'
        f"<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>"
        f"<TC260:AIGC>{escape(label.text())}</TC260:AIGC>"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )
    return text.encode()


def stated_in(data: bytes) -> StatedOrigin | None:
    """Return what a file says of its origin, in XMP or a tag; None if it says nothing of it.

    Packets are found by what they begin with, wherever a format keeps them (ISO 16684-1, annex A).
    Several are read together: the first that says something counts.

    Args:
        data: The file, or anything that finds bytes in it as `bytes` does, such as a map of it.
    """
    source_type: str | None = None
    label: AigcLabel | None = None
    at = data.find(_BEGIN)
    while at >= 0:
        end = data.find(_END, at, at + MOST_BYTES)
        if end >= 0:
            stated = _read(data[at : end + len(_END)])
            source_type, label = source_type or stated.source_type, label or stated.label
        at = data.find(_BEGIN, at + 1)
    label = label or _tag_in(data)
    if source_type is None and label is None:
        return None
    return StatedOrigin(source_type, label)


def _tag_in(data: bytes) -> AigcLabel | None:
    """Return the label that a container's tag holds as plain JSON, as those of films do."""
    at = data.find(_PRODUCER)
    while at >= 0:
        begin = data.rfind(b"{", max(0, at - _MOST_TAG), at)
        end = data.find(b"}", at, at + _MOST_TAG)
        if begin >= 0 and end >= 0:
            label = AigcLabel.read(data[begin : end + 1].decode("utf-8", "replace"))
            if label is not None:
                return label
        at = data.find(_PRODUCER, at + 1)
    return None


def _read(text: bytes) -> StatedOrigin:
    if b"<!" in text:  # no packet needs a document type, and entities are a way to fill memory
        return StatedOrigin(None, None)
    try:
        root = ET.fromstring(text)
    except ET.ParseError:
        return StatedOrigin(None, None)
    source_type = _value(root, f"{{{_IPTC}}}DigitalSourceType")
    label = _value(root, f"{{{_TC260}}}AIGC")
    return StatedOrigin(source_type, None if label is None else AigcLabel.read(label))


def _value(root: ET.Element, name: str) -> str | None:
    """Return a simple property's value: an element, its resource, or an attribute."""
    for element in root.iter():
        if element.tag == name:
            return element.get(f"{{{_RDF}}}resource") or (element.text or "").strip() or None
        if name in element.attrib:
            return element.attrib[name]
    return None
