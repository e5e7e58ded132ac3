"""Packets of metadata: read as they were written, in every format, and no pixel changes."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gateway.media.image import Picture, decode_image, encode_image
from gateway.media.packets import append_packet, with_packet
from gateway.media.rgb_video import RgbVideo
from gateway.trust.provenance import SOURCE_TYPE, AigcLabel
from gateway.trust.xmp import packet, stated_in
from tests.unit.media.clips import clip, grey

LABEL = AigcLabel('Acme & "Söhne" <Ltd>', "0123456789ab")
PACKET = packet(LABEL, "Semblant 1")
RGB = np.random.default_rng(0).integers(0, 256, (40, 61, 3), np.uint8)
ALPHA = np.random.default_rng(1).integers(0, 256, (40, 61), np.uint8)
DEEP = RGB.astype(np.uint16) * 257
PICTURES = {
    "png": (Picture(RGB), "png", 92),
    "png with alpha": (Picture(RGB, ALPHA), "png", 92),
    "png of 16 bits": (Picture(RGB, deep=DEEP, depth=16), "png", 92),
    "jpeg": (Picture(RGB), "jpeg", 92),
    "jpeg with profile": (Picture(RGB, icc_profile=b"profile" * 40), "jpeg", 92),
    "webp": (Picture(RGB), "webp", 80),
    "webp without loss": (Picture(RGB), "webp", 100),
    "webp with alpha": (Picture(RGB, ALPHA), "webp", 80),
    "avif": (Picture(RGB), "avif", 80),
    "one pixel": (Picture(RGB[:1, :1]), "webp", 80),
}


@pytest.mark.parametrize(("picture", "format", "quality"), PICTURES.values(), ids=PICTURES)
def test_a_picture_says_what_it_is_and_looks_as_before(picture, format, quality):
    plain = encode_image(picture, format, quality=quality)
    told = encode_image(picture, format, quality=quality, xmp=PACKET)
    stated = stated_in(told)
    assert (stated.source_type, stated.label) == (SOURCE_TYPE, LABEL)
    assert stated_in(plain) is None
    before, after = (decode_image(data, max_pixels=10**6) for data in (plain, told))
    assert np.array_equal(before.rgb, after.rgb)
    assert (before.alpha is None) == (after.alpha is None)
    assert before.depth == after.depth
    with Image.open(io.BytesIO(told)) as opened:
        opened.load()
        assert opened.info["xmp"] == PACKET


def animation(format):
    frames = [Image.fromarray(np.full((24, 32, 3), 60 * n, np.uint8)) for n in range(4)]
    out = io.BytesIO()
    frames[0].save(out, format, save_all=True, append_images=frames[1:], duration=100, loop=0)
    return out.getvalue()


def frames_of(path):
    with RgbVideo(path, max_pixels=10**6, max_frames=99) as video:
        return [frame.rgb for frame in video.frames()]


def mp4():
    return clip([grey(0), grey(90), grey(180)])


FILMS = {
    "image/gif": lambda: animation("GIF"),
    "image/webp": lambda: animation("WEBP"),
    "video/mp4": mp4,
    "video/quicktime": mp4,
}


@pytest.mark.parametrize(("media_type", "made"), FILMS.items(), ids=FILMS)
def test_a_film_says_what_it_is_and_is_read_as_before(media_type, made, tmp_path):
    path = tmp_path / "film"
    path.write_bytes(made())
    frames = frames_of(path)
    append_packet(path, media_type, PACKET, {"AIGC": LABEL.text()})
    again = frames_of(path)
    assert len(frames) == len(again)
    assert all(map(np.array_equal, frames, again))
    assert stated_in(path.read_bytes()).label == LABEL


def test_the_tag_of_a_film_is_found_by_players(tmp_path):
    import av

    path = tmp_path / "film.mp4"
    path.write_bytes(mp4())
    append_packet(path, "video/mp4", PACKET, {"AIGC": LABEL.text()})
    with av.open(str(path)) as film:
        assert AigcLabel.read(film.metadata["AIGC"]) == LABEL


def test_a_tag_is_read_where_there_is_no_packet():
    data = b"\x1aE\xdf\xa3 AIGC " + LABEL.text().encode() + b" rest"
    assert stated_in(data).label == LABEL


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/webp", "image/gif"])
def test_what_is_no_such_file_is_told(media_type):
    with pytest.raises((ValueError, struct.error)):
        with_packet(b"nothing of it", media_type, PACKET)


@given(st.binary(max_size=300))
def test_any_bytes_may_be_read(data):
    assert stated_in(b"<x:xmpmeta" + data + b"</x:xmpmeta>" + data) is None


def test_entities_are_not_even_looked_at():
    bomb = PACKET.replace(b"<rdf:RDF", b'<!DOCTYPE a [<!ENTITY b "c">]><rdf:RDF', 1)
    assert stated_in(bomb.replace(b"ContentProducer", b"Other")) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"Label": 1}', "{" * 2000])
def test_what_is_no_label_is_none(text):
    assert AigcLabel.read(text) is None


def test_a_label_has_all_fields_of_the_standard():
    import json

    assert list(json.loads(LABEL.text())) == [
        "Label",
        "ContentProducer",
        "ProduceID",
        "ReservedCode1",
        "ContentPropagator",
        "PropagateID",
        "ReservedCode2",
    ]
