"""Watermarks: how little they change, what they outlast, what they cost."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from bench import data
from bench.figures import Figure, figure, timed_ms
from bench.pictures import portrait
from bench.running import Run
from bench.trust.changes import CHANGES, SURE
from gateway.arrays import U8
from gateway.imaging.metrics.fusion_quality import psnr_db, ssim
from gateway.imaging.video.planes import Planes
from gateway.media.image import decode_image
from gateway.media.rgb_video import RgbVideo
from gateway.trust.watermark.detect import find_in_frames, find_in_picture
from gateway.trust.watermark.embed import FilmMarker, marked
from gateway.trust.watermark.pattern import WatermarkKey

KEY = WatermarkKey.of(b"the secret of a bench, 32 bytes.", "bench")
LEAST_PX = 300
"""Shorter side of the pictures that are measured on."""
FILM_FRAMES, EVERY = 100, 3
ENCODINGS = {
    "h264_crf23": (23, 1.0),
    "h264_crf28": (28, 1.0),
    "h264_crf33": (33, 1.0),
    "h264_half": (23, 0.5),
}


def measure(run: Run) -> dict[str, Figure]:
    """Return the figures of pictures and films."""
    cv2.setNumThreads(1)
    return {**_pictures(run), **_unmarked(run), **_films(run), **_cost(run)}


def pictures(most: int) -> Iterator[U8]:
    """Yield portraits, or, without the data, those that come along."""
    if not data.PORTRAITS.is_file():
        yield from (portrait(name) for name in ("hopper", "astronaut")[:most])
        return
    count = 0
    with zipfile.ZipFile(data.PORTRAITS) as archive:
        for name in sorted(archive.namelist()):
            rgb = decode_image(archive.read(name), max_pixels=10**7).rgb
            if min(rgb.shape[:2]) >= LEAST_PX and count < most:
                count += 1
                yield rgb


def _pictures(run: Run) -> dict[str, Figure]:
    psnr, similar = [], []
    read: dict[str, list[float]] = {name: [] for name in CHANGES}
    for number, rgb in enumerate(pictures(run.size(200, 1))):
        out = marked(rgb, KEY, number)
        nowhere = np.zeros(rgb.shape[:2], np.float32)
        psnr.append(psnr_db(out, rgb, nowhere))
        similar.append(ssim(out, rgb, nowhere))
        for name, change in CHANGES.items():
            found = find_in_picture(change(out), (KEY,))
            read[name].append(100.0 * any(mark.number == number for mark in found))
    figures = {
        "watermark_psnr_db": figure(psnr, "dB", "of marked portraits", "≥ 42"),
        "watermark_ssim": figure(similar, "", "of marked portraits, mean below", "≥ 0.995"),
        "watermark_ssim_mean": figure([float(np.mean(similar))], "", "mean of the same", "≥ 0.995"),
    }
    for name, values in read.items():
        what = f"of {len(values)} marks read after {name}"
        goal = "≥ 99" if name in SURE else "≥ 95"
        figures[f"watermark_{name}_pct"] = figure([float(np.mean(values))], "%", what, goal)
    return figures


def _unmarked(run: Run) -> dict[str, Figure]:
    """Look for marks where there are none: in crops of pictures of other people."""
    wanted, found, count = run.size(1000, 4), 0, 0
    rng = np.random.default_rng(0)
    every = list(pictures(run.size(200, 1)))
    times_s = []
    while count < wanted:
        rgb = every[count % len(every)]
        side = int(rng.integers(96, 160))
        y, x = (int(rng.integers(0, length - side)) for length in rgb.shape[:2])
        crop = np.ascontiguousarray(rgb[y : y + side, x : x + side])
        start = cv2.getTickCount()
        found += bool(find_in_picture(crop, (KEY,)))
        times_s.append((cv2.getTickCount() - start) / cv2.getTickFrequency())
        count += 1
    return {
        "watermark_false_positives": figure([found], "", f"of {count} unmarked crops", "0"),
        "watermark_search_s": figure(times_s, "s", "to find nothing in an unmarked crop"),
    }


def _clips() -> list[Path]:
    clips = sorted(data.LOOK.glob("*.mp4")) if data.LOOK.is_dir() else []
    return ([data.TALKING_HEAD] if data.TALKING_HEAD.is_file() else []) + clips


def _films(run: Run) -> dict[str, Figure]:
    read: dict[str, list[float]] = {name: [] for name in ENCODINGS}
    for number, frames in enumerate(_film_frames(run)):
        marker = FilmMarker(KEY, number)
        for planes in frames:
            height, width = planes.shape[0] * 2 // 3, planes.shape[1]
            marker.mark(Planes(planes[:height], None, (height, width)))
        for name, (crf, scale) in ENCODINGS.items():
            film = _encoded(frames, crf, scale)
            with RgbVideo(film, max_pixels=10**8, max_frames=10**4) as video:
                found = find_in_frames((f.rgb for f in video.frames(every=EVERY)), (KEY,))
            read[name].append(100.0 * any(mark.number == number for mark in found))
    return {
        f"watermark_{name}_pct": figure(
            [float(np.mean(values))],
            "%",
            f"of {len(values)} films of {FILM_FRAMES} frames read after {name}",
            "≥ 95",
        )
        for name, values in read.items()
    }


def _film_frames(run: Run) -> Iterator[list[U8]]:
    """Yield the frames of films as planes of 4:2:0, (3H/2, W) each."""
    most = run.size(FILM_FRAMES, 12)
    clips = _clips()[: run.size(100, 1)]
    if not clips:
        still = cv2.resize(portrait("hopper"), (320, 320))
        shifted = [np.roll(still, 2 * n, 1) for n in range(most)]
        yield [np.asarray(cv2.cvtColor(one, cv2.COLOR_RGB2YUV_I420), np.uint8) for one in shifted]
    for path in clips:
        frames = []
        with av.open(str(path)) as video:
            for frame in video.decode(video=0):
                planes = frame.to_ndarray(format="yuv420p")
                frames.append(np.asarray(planes, np.uint8).copy())
                if len(frames) == most:
                    break
        yield frames


def _encoded(frames: list[U8], crf: int, scale: float) -> bytes:
    out = io.BytesIO()
    height, width = frames[0].shape[0] * 2 // 3, frames[0].shape[1]
    with av.open(out, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height = int(width * scale) // 2 * 2, int(height * scale) // 2 * 2
        stream.pix_fmt, stream.options = "yuv420p", {"crf": str(crf)}
        for planes in frames:
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            if scale != 1:
                frame = frame.reformat(stream.width, stream.height, interpolation="AREA")
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return out.getvalue()


def _cost(run: Run) -> dict[str, Figure]:
    rgb = np.asarray(cv2.resize(portrait("hopper"), (1920, 1080)), np.uint8)
    luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    planes, marker = Planes(luma, None, luma.shape), FilmMarker(KEY, 1)

    def eight() -> None:
        for _ in range(8):
            marker.mark(planes)

    n = run.size(50, 2)
    works: dict[str, tuple[Callable[[], object], float, str]] = {
        "watermark_1080p_ms": (lambda: marked(rgb, KEY, 1), 1, "≤ 8"),
        "watermark_film_frame_ms": (eight, 8, "≤ 2"),
    }
    return {
        name: figure([t / parts for t in timed_ms(work, n)], "ms", "one core, 1080p", goal)
        for name, (work, parts, goal) in works.items()
    }
