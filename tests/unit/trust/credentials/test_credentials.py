"""Content credentials: signed, read, and no change of a file goes unseen."""

import io
import struct
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gateway.errors import SignerUnavailable
from gateway.media.image import MEDIA_TYPES, Picture, encode_image
from gateway.media.packets import append_packet
from gateway.trust.credentials.manifest import credentials_in, sign_file, signed
from gateway.trust.credentials.records import Original, media_type_of
from gateway.trust.credentials.signing import SigningIdentity, from_command, from_files
from gateway.trust.credentials.trial import CHAIN, KEY, ROOT, write_test_certificates
from gateway.trust.provenance import AigcLabel, ConsentClaim, Provenance
from gateway.trust.sealing import NO_CREDENTIALS, Sealer
from gateway.trust.verify import judged
from gateway.trust.watermark.detect import FoundMark
from gateway.trust.xmp import packet, stated_in
from tests.unit.media.clips import clip, grey

RGB = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
TARGET = Original(encode_image(Picture(RGB), "png"), "image/png")
PROVENANCE = Provenance(
    id="0123456789ab",
    reference="job_1",
    version="1.0",
    models={"face_mesh": "ab" * 32, "iris": None},
    sources=("cd" * 32,),
    consent=ConsentClaim("attested", "contract 12", ("ef" * 32,)),
)
XMP = packet(AigcLabel("Acme", PROVENANCE.id), "Semblant")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    write_test_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def identity(folder):
    return from_files(folder / CHAIN, folder / KEY, "es256")


@pytest.fixture(scope="module")
def anchors(folder):
    return (folder / ROOT).read_text()


def made(format, identity):
    plain = encode_image(Picture(RGB), format, xmp=XMP)
    return signed(plain, MEDIA_TYPES[format], PROVENANCE, identity, TARGET)


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "avif"])
def test_what_is_signed_is_read_and_trusted(format, identity, anchors):
    found = credentials_in(made(format, identity), MEDIA_TYPES[format], anchors_pem=anchors)
    assert (found.validity, found.problems) == ("trusted", ())
    assert found.provenance["reference"] == "job_1"
    assert found.provenance["consent"]["basis"] == "contract 12"
    assert {one["name"] for one in found.provenance["models"]} == {"face_mesh", "iris"}
    assert found.watermark == PROVENANCE.id
    assert found.ingredients == ("target", "source 0")
    assert found.generator == "Semblant"


def test_a_signer_nobody_knows_is_not_trusted(identity):
    assert credentials_in(made("png", identity), "image/png").validity == "valid"


def test_a_file_without_credentials_has_none():
    assert credentials_in(TARGET.file, "image/png") is None
    assert credentials_in(b"", "image/png") is None
    assert credentials_in(b"text", "text/plain") is None


def parts(data, kind):
    """Yield names and places of the parts of a file that hold pixels or metadata."""
    if kind == "png":
        at = 8
        while at < len(data):
            size, name = struct.unpack(">I4s", data[at : at + 8])
            yield name, range(at, at + size + 12)
            at += size + 12
    elif kind == "jpeg":
        at = 2
        while data[at + 1] != 0xDA:
            size = struct.unpack(">H", data[at + 2 : at + 4])[0] + 2
            yield bytes([data[at + 1]]), range(at, at + size)
            at += size
        yield b"scan", range(at, len(data))
    else:
        at = 0
        while at < len(data):
            size, name = struct.unpack(">I4s", data[at : at + 8])
            yield name, range(at, at + size)
            at += size


@pytest.mark.parametrize("format", ["png", "jpeg", "avif"])
def test_a_byte_turned_over_anywhere_is_seen(format, identity, anchors):
    data = made(format, identity)
    for name, places in parts(data, format):
        for at in (places[0], places[len(places) // 3], places[len(places) // 2], places[-1]):
            changed = bytearray(data)
            changed[at] ^= 0x01
            found = credentials_in(bytes(changed), MEDIA_TYPES[format], anchors_pem=anchors)
            # Padding of the credentials themselves is nobody's, and `ftyp` is left out by C2PA's
            # own rules (Technical Specification 2.2, A.5.4.3); nothing else may pass.
            passes = name in (b"caBX", b"uuid", b"\xeb", b"ftyp")
            assert found is None or found.validity == "invalid" or passes, (name, at)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.95, 0.999])
@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_a_truncated_file_is_not_intact(format, share, identity, anchors):
    data = made(format, identity)
    found = credentials_in(data[: int(share * len(data))], MEDIA_TYPES[format], anchors_pem=anchors)
    assert found is None or found.validity == "invalid"


def test_credentials_of_another_file_do_not_fit(identity, anchors):
    data = made("png", identity)
    other = encode_image(Picture(RGB[::-1].copy()), "png")
    pasted = bytearray(other[:33])
    for name, places in parts(data, "png"):
        if name == b"caBX":
            pasted += data[places[0] : places[-1] + 1]
    found = credentials_in(bytes(pasted + other[33:]), "image/png", anchors_pem=anchors)
    assert found.validity == "invalid"
    assert any("mismatch" in problem for problem in found.problems)


def test_nothing_of_a_face_is_in_them(identity):
    data = made("png", identity)
    (box,) = (data[p[0] : p[-1] + 1] for name, p in parts(data, "png") if name == b"caBX")
    assert b"JFIF" not in box
    assert b"IDAT" not in box
    assert len(box) < 20_000


def test_what_a_result_was_made_from_keeps_its_credentials(identity, anchors):
    first = made("png", identity)
    again = signed(
        encode_image(Picture(RGB), "png"),
        "image/png",
        PROVENANCE,
        identity,
        Original(first, "image/png"),
    )
    assert credentials_in(again, "image/png", anchors_pem=anchors).validity == "trusted"
    assert len(again) > len(first)


@pytest.mark.parametrize("media_type", ["video/mp4", "video/quicktime"])
def test_a_film_is_signed_in_place(media_type, tmp_path, identity, anchors):
    path = tmp_path / "film"
    path.write_bytes(clip([grey(0), grey(99)]))
    append_packet(path, media_type, XMP, {"AIGC": AigcLabel("Acme", PROVENANCE.id).text()})
    sealer = Sealer("Acme", "1", "on", identity)
    assert sealer.film(path, media_type, PROVENANCE, Original.at(path)) == ()
    assert credentials_in(path, media_type, anchors_pem=anchors).validity == "trusted"
    assert stated_in(path.read_bytes()).label.produce_id == PROVENANCE.id
    assert list(tmp_path.iterdir()) == [path]


def broken(data):
    raise OSError("the key is away")


def test_a_signer_that_fails_leaves_nothing(tmp_path, identity):
    path, out = tmp_path / "film.mp4", tmp_path / "signed.mp4"
    path.write_bytes(clip([grey(0)]))
    before = path.read_bytes()
    failing = SigningIdentity(identity.chain_pem, "es256", broken)
    with pytest.raises(SignerUnavailable):
        sign_file(path, out, "video/mp4", PROVENANCE, failing, Original.at(path))
    with pytest.raises(SignerUnavailable):
        Sealer("A", "1", "on", failing).film(path, "video/mp4", PROVENANCE, Original.at(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_program_signs(folder, identity, anchors, tmp_path):
    program = (
        "import sys; from pathlib import Path\n"
        "from gateway.trust.credentials.signing import from_files\n"
        f"made = from_files(Path({str(folder / CHAIN)!r}), Path({str(folder / KEY)!r}), 'es256')\n"
        "sys.stdout.buffer.write(made.sign(sys.stdin.buffer.read()))"
    )
    asking = from_command(folder / CHAIN, [sys.executable, "-c", program], "es256", timeout_s=30)
    found = credentials_in(made("png", asking), "image/png", anchors_pem=anchors)
    assert found.validity == "trusted"


@pytest.mark.parametrize(
    "program", ["import sys; sys.exit(1)", "pass", "import time; time.sleep(60)"]
)
def test_a_program_that_does_not_sign_is_told(folder, program):
    asking = from_command(folder / CHAIN, [sys.executable, "-c", program], "es256", timeout_s=2)
    with pytest.raises(SignerUnavailable):
        made("png", asking)
    missing = from_command(folder / CHAIN, ["/no/such/program"], "es256", timeout_s=1)
    with pytest.raises(SignerUnavailable, match="does not answer"):
        made("png", missing)


def test_a_certificate_that_is_not_valid_is_told_before_any_work(folder, identity):
    later, earlier = datetime.now(UTC) + timedelta(days=999), datetime(2020, 1, 1, tzinfo=UTC)
    identity.require()
    with pytest.raises(SignerUnavailable, match="expired"):
        identity.require(later)
    with pytest.raises(SignerUnavailable, match="valid from"):
        identity.require(earlier)


def test_keys_that_cannot_be_used_are_told(folder, tmp_path):
    other = tmp_path / "other"
    write_test_certificates(other)
    with pytest.raises(SignerUnavailable, match="not the key"):
        from_files(folder / CHAIN, other / KEY, "es256")
    with pytest.raises(SignerUnavailable, match="none for ps256"):
        from_files(folder / CHAIN, folder / KEY, "ps256")
    with pytest.raises(SignerUnavailable, match="cannot be read"):
        from_files(tmp_path / "none.pem", folder / KEY, "es256")
    (other / KEY).chmod(0o644)
    with pytest.raises(SignerUnavailable, match="0600"):
        from_files(other / CHAIN, other / KEY, "es256")


def test_test_certificates_replace_nothing(tmp_path):
    write_test_certificates(tmp_path)
    key = (tmp_path / KEY).read_bytes()
    assert (tmp_path / KEY).stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_test_certificates(tmp_path)
    assert (tmp_path / KEY).read_bytes() == key
    write_test_certificates(tmp_path, force=True)
    assert (tmp_path / KEY).read_bytes() != key


def test_without_a_signer_that_is_required_nothing_is_done(identity):
    Sealer("A", "1", "off", None).require()
    Sealer("A", "1", "on", None).require()
    with pytest.raises(SignerUnavailable):
        Sealer("A", "1", "required", None).require()
    assert not Sealer("A", "1", "on", None).signs


def test_a_format_that_holds_none_is_noted(tmp_path, identity):
    path = tmp_path / "film.mkv"
    path.write_bytes(b"\x1aE\xdf\xa3")
    told = Sealer("A", "1", "on", identity).film(path, "video/matroska", PROVENANCE, TARGET)
    assert told == (NO_CREDENTIALS,)
    with pytest.raises(Exception, match="holds no content credentials"):
        Sealer("A", "1", "required", identity).film(path, "video/matroska", PROVENANCE, TARGET)


def mark(id=PROVENANCE.id, number=True):
    return FoundMark(int(id, 16) if number else None, 1.0, 1.0, 0.0, 12.0, 15.0)


def test_all_marks_are_judged_together(identity, anchors):
    data = made("png", identity)
    found = credentials_in(data, "image/png", anchors_pem=anchors)
    origin = stated_in(data)
    whole = judged(found, origin, [mark()])
    assert (whole.verdict, whole.provenance_id, whole.synthetic) == ("intact", PROVENANCE.id, True)
    assert judged(None, origin, [mark()]).verdict == "marked"
    assert judged(None, None, [mark()]).verdict == "stripped"
    assert judged(None, None, []).verdict == "unmarked"
    assert not judged(None, None, []).synthetic
    # Another result's mark beside ours is no contradiction, in place of ours it is.
    assert judged(found, origin, [mark("ffffffffffff"), mark()]).verdict == "intact"
    assert judged(found, origin, [mark("ffffffffffff")]).verdict == "mismatched"
    assert judged(None, origin, [mark("ffffffffffff")]).verdict == "mismatched"
    unread = judged(None, None, [mark(number=False)])
    assert unread.findings[2].state == "unreadable"
    assert unread.provenance_id is None
    broken = bytearray(data)
    broken[-20] ^= 1
    invalid = credentials_in(bytes(broken), "image/png", anchors_pem=anchors)
    assert judged(invalid, origin, [mark()]).verdict == "altered"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF....WEBP", "image/webp"),
        (b"....ftypavif", "image/avif"),
        (b"....ftypisom", "video/mp4"),
        (b"....ftypqt  ", "video/quicktime"),
        (b"", "application/octet-stream"),
    ],
)
def test_kinds_are_told_by_their_first_bytes(head, kind):
    assert media_type_of(head) == kind
    assert io.BytesIO(head).read() == head
