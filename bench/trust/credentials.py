"""Credentials: what readers make of each format, intact and with one byte turned over."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from bench.figures import Figure, figure, timed_ms
from bench.pictures import portrait
from bench.running import Run
from gateway.media.image import MEDIA_TYPES, OutputFormat, Picture, encode_image
from gateway.trust.credentials.manifest import credentials_in, signed
from gateway.trust.credentials.records import Original
from gateway.trust.credentials.signing import from_files
from gateway.trust.credentials.trial import CHAIN, KEY, ROOT, write_test_certificates
from gateway.trust.provenance import AigcLabel, Provenance
from gateway.trust.xmp import packet

PROVENANCE = Provenance(
    id="0123456789ab", reference="bench", version="1", models={"face_mesh": None}, sources=("ab",)
)
SCRIPT = Path(__file__).with_name("reader.mjs")
"""Reads by the library for browsers, if `make credentials-reader` has fetched it."""
READER = Path("out/c2pa-web")


def measure(run: Run) -> dict[str, Figure]:
    """Return how often readers tell intact files from changed ones, and what signing costs."""
    formats: tuple[OutputFormat, ...] = ("jpeg", "png", "webp", "avif")
    right, theirs, sizes = [], [], []
    figures: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_test_certificates(folder)
        identity = from_files(folder / CHAIN, folder / KEY, "es256")
        anchors = (folder / ROOT).read_text()
        rgb = portrait("hopper")
        target = Original(encode_image(Picture(rgb), "png"), "image/png")
        xmp = packet(AigcLabel("Bench", PROVENANCE.id), "Semblant")
        for format in formats:
            media_type = MEDIA_TYPES[format]
            plain = encode_image(Picture(rgb), format, xmp=xmp)
            data = signed(plain, media_type, PROVENANCE, identity, target)
            sizes.append((len(data) - len(plain)) / 1000)
            changed = bytearray(data)
            changed[len(data) * 2 // 3] ^= 1
            for content, valid in ((data, True), (bytes(changed), False)):
                found = credentials_in(content, media_type, anchors_pem=anchors)
                right.append(100.0 * (found is not None and (found.validity == "trusted") == valid))
                theirs += _by_browser(content, folder / f"a.{format}", valid=valid)
        big = encode_image(Picture(np.tile(rgb, (3, 3, 1))[:1080, :1920]), "jpeg", xmp=xmp)
        n = run.size(30, 1)
        figures["credentials_sign_ms"] = figure(
            timed_ms(lambda: signed(big, "image/jpeg", PROVENANCE, identity, target), n),
            "ms",
            "a JPEG of 1080p",
        )
        data = signed(big, "image/jpeg", PROVENANCE, identity, target)
        figures["credentials_read_ms"] = figure(
            timed_ms(lambda: credentials_in(data, "image/jpeg", anchors_pem=anchors), n),
            "ms",
            "the same",
        )
    figures["credentials_right_pct"] = figure(
        [float(np.mean(right))], "%", f"of {len(right)} files, intact and changed", "100"
    )
    figures["credentials_added_kb"] = figure(sizes, "kB", "by formats")
    if theirs:
        print(f"the library for browsers agrees on {np.mean(theirs):g} % of {len(theirs)} files")
    return figures


def _by_browser(data: bytes, path: Path, *, valid: bool) -> list[float]:
    """Return whether the other reader says the same; nothing where it is not installed."""
    if not (READER / "node_modules").is_dir() or shutil.which("node") is None:
        return []
    path.write_bytes(data)
    done = subprocess.run(
        ["node", str(SCRIPT), str(READER.resolve()), str(path)],
        capture_output=True,
        timeout=60,
        check=False,
        text=True,
    )
    found = json.loads(done.stdout or "null")
    if found is None:
        return [100.0 * (not valid)]
    return [100.0 * ((found["state"] != "Invalid") == valid)]
