"""Encoders: what each takes, what its options are called, and what may hold its videos."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, Literal, Protocol, get_args

import av

from gateway.media.pixels import Colors, PixelFormat, nearest
from gateway.media.probe import Probe
from gateway.media.side_data import ContentLight, Mastering

Encoder = Literal[
    "libx264",
    "libx265",
    "libsvtav1",
    "libvpx-vp9",
    "ffv1",
    "prores_ks",
    "h264_nvenc",
    "hevc_nvenc",
    "av1_nvenc",
    "gif",
    "webp",
]
Preset = Literal[
    "veryslow", "slower", "slow", "medium", "fast", "faster", "veryfast", "superfast", "ultrafast"
]
ContainerFormat = Literal["mp4", "mov", "mkv", "webm", "gif", "webp"]

FORMATS: Final[dict[str, str]] = {"mp4": "mp4", "mov": "mov", "mkv": "matroska", "webm": "webm"}
"""FFmpeg's names of the containers that are written."""
ANIMATED: Final = ("gif", "webp")
"""Containers, and encoders, of animations: segments lose nothing, and are encoded at the end."""

HOLDERS: Final[dict[Encoder, tuple[ContainerFormat, ...]]] = {
    "libx264": ("mp4", "mov", "mkv"),
    "libx265": ("mp4", "mov", "mkv"),
    "libsvtav1": ("mp4", "mkv", "webm"),
    "libvpx-vp9": ("webm", "mkv", "mp4"),
    "ffv1": ("mkv",),
    "prores_ks": ("mov", "mkv"),
    "h264_nvenc": ("mp4", "mov", "mkv"),
    "hevc_nvenc": ("mp4", "mov", "mkv"),
    "av1_nvenc": ("mp4", "mkv", "webm"),
    "gif": ("gif",),
    "webp": ("webp",),
}
"""Which containers may hold an encoder's videos, the usual one first."""

USUAL: Final[dict[ContainerFormat, Encoder]] = {
    "mp4": "libx264",
    "mov": "libx264",
    "mkv": "libx264",
    "webm": "libvpx-vp9",
    "gif": "gif",
    "webp": "webp",
}
"""The default encoder of each container."""

_PLACE: Final[dict[Preset, int]] = {name: k for k, name in enumerate(get_args(Preset))}
# By place: SVT-AV1's and libvpx's own scales of effort, and NVENC's.
_SVT = (2, 3, 4, 6, 8, 9, 10, 11, 12)
_VPX = (0, 1, 1, 2, 3, 4, 5, 7, 8)
_NVENC = (7, 6, 5, 4, 3, 2, 2, 1, 1)
# Encoders whose subsampled videos must be divisible by the steps of their chroma.
_EVEN = ("libx264", "libx265", "h264_nvenc", "hevc_nvenc", "av1_nvenc")
# Encoders that accept the mastering display and the brightness.
_TELL_BRIGHTNESS = ("libx264", "libx265", "libsvtav1")
_KEYS_S = 5
"""Seconds from one key frame to the next, at most."""


class EncoderConfig(Protocol):
    """How a video is to be encoded."""

    @property
    def encoder(self) -> Encoder:
        """FFmpeg's name of it."""

    @property
    def preset(self) -> Preset:
        """The encoding effort."""

    @property
    def quality(self) -> int:
        """0–100."""

    @property
    def container(self) -> ContainerFormat | None:
        """The output container; None keeps the source's."""

    @property
    def audio(self) -> Literal["copy", "drop"]:
        """The handling of audio."""

    @property
    def location(self) -> Literal["drop", "keep"]:
        """The handling of metadata that say where, and by which device, a video was taken."""


@dataclass(frozen=True, slots=True)
class EncodingPlan:
    """How the frames of a video are encoded, the same for all its segments.

    Attributes:
        encoder: FFmpeg's name.
        pixel_format: The format frames are converted to.
        colors: Colour tags of the encoded video.
        rate: Frames a second, on average.
        time_base: Seconds a tick, the source's.
        aspect: Width of a stored pixel over its height.
        options: The encoder's own.
        gop: Frames from one key frame to the next, at most.
    """

    encoder: Encoder
    pixel_format: str
    colors: Colors
    rate: Fraction
    time_base: Fraction
    aspect: Fraction
    options: dict[str, str]
    gop: int


def plan(probe: Probe, wish: EncoderConfig, *, threads: int = 0) -> EncodingPlan:
    """Return how a video is encoded.

    Args:
        probe: Properties of the frames: the source's, or those after conversion.
        wish: The requested options.
        threads: Of the encoder; 0 are as many as it likes.
    """
    encoder = _segments_by(wish)
    pixel_format = format_for(encoder, probe.planar, probe.size)
    colors = probe.colors
    if PixelFormat.of(pixel_format).kind == "yuv" and probe.planar.kind == "rgb":
        colors = replace(colors, full=False, space=1)
    elif probe.planar.kind == "grey":
        colors = replace(colors, full=probe.coding.full)
    rate = probe.timing.rate
    return EncodingPlan(
        encoder=encoder,
        pixel_format=pixel_format,
        colors=colors,
        # A hint only, for frames have their times; SVT-AV1 refuses more.
        rate=min(rate, Fraction(240)) if wish.encoder == "libsvtav1" else rate,
        time_base=probe.timing.time_base,
        aspect=probe.sample_aspect,
        options=_options(wish, probe, pixel_format, threads),
        gop=max(1, min(250, round(_KEYS_S * rate))),
    )


def _segments_by(wish: EncoderConfig) -> Encoder:
    return "ffv1" if wish.encoder in ANIMATED else wish.encoder


def written_format(probe: Probe, wish: EncoderConfig) -> str:
    """Return the pixel format of a video once it is joined, as FFmpeg calls it.

    VP9 has its opacity beside its frames, which only Matroska and WebM hold.
    """
    if wish.encoder == "gif":
        return "pal8"
    if wish.encoder == "webp":
        return "bgra" if probe.planar.alpha else "bgr24" if wish.quality == 100 else "yuv420p"
    name = format_for(wish.encoder, probe.planar, probe.size)
    if wish.encoder == "libvpx-vp9" and container_for(wish, probe.container) == "mp4":
        return name.replace("yuva", "yuv")
    return name


def losses(probe: Probe, wish: EncoderConfig) -> tuple[str, ...]:
    """Return what of a video its encoder or container cannot hold.

    `opacity_lost`, `colors_reduced` (to a palette of 256), `depth_reduced` (fewer bits a sample),
    `chroma_reduced` (coarser subsampling), `hdr_metadata_lost` (brightness of the video and its
    display). A requested conversion, such as tone mapping, is not reported.
    """
    source, made = PixelFormat.of(probe.decoded[0]), PixelFormat.of(written_format(probe, wish))
    down, across = made.steps
    found = {
        "opacity_lost": source.alpha and not made.alpha and wish.encoder != "gif",
        "colors_reduced": wish.encoder == "gif",
        "depth_reduced": min(source.depth, probe.planar.depth) > made.depth,
        "chroma_reduced": source.kind != "grey"
        and (down > source.steps[0] or across > source.steps[1]),
        "hdr_metadata_lost": (probe.mastering is not None or probe.light is not None)
        and wish.encoder not in _TELL_BRIGHTNESS,
    }
    return tuple(name for name, lost in found.items() if lost)


def container_for(wish: EncoderConfig, source: str) -> ContainerFormat:
    """Return the output container: the requested one, the source's, or the encoder's default."""
    holders = HOLDERS[wish.encoder]
    if wish.container is not None:
        return wish.container
    return next((name for name in holders if name == source), holders[0])


def format_for(encoder: Encoder, source: PixelFormat, size: tuple[int, int]) -> str:
    """Return the pixel format that an encoder gets a video of `size` (height, width) in.

    The source's own, if it takes that; else the nearest, without loss if there is one. Grey is
    given neutral chroma, except to FFV1, and RGB becomes 4:2:0 for H.264: else few could play it.
    """
    names = [f.name for f in av.Codec(encoder, "w").video_formats or ()]
    if encoder == "ffv1":
        known = [n for n in names if not n.endswith(("f16le", "f32le"))]
        return nearest(source, known)
    kinds = {n: PixelFormat.of(n) for n in names if "msb" not in n and n != "cuda"}
    fitting = {n: k for n, k in kinds.items() if k.kind != "grey"}
    if encoder in _EVEN:
        fitting = {n: k for n, k in fitting.items() if _divides(k.steps, size)}
    if encoder == "h264_nvenc":
        fitting = {n: k for n, k in fitting.items() if k.depth == 8}
    if source.kind == "rgb" and encoder in ("libx264", "h264_nvenc"):
        source = PixelFormat("yuv", 8, (2, 2))
    return nearest(source, fitting)


def _divides(steps: tuple[int, int], size: tuple[int, int]) -> bool:
    return size[0] % steps[0] == 0 and size[1] % steps[1] == 0


def rate_factor(encoder: Encoder, quality: int) -> int:
    """Return an encoder's own measure of quality, where less is better, for one of 0–100.

    It is linear in between: 51–10 for H.264 and HEVC, 63–13 for AV1 and VP9.
    """
    worst, best = (63, 13) if encoder in ("libsvtav1", "libvpx-vp9", "av1_nvenc") else (51, 10)
    return round(worst - (worst - best) * quality / 100)


def _options(wish: EncoderConfig, probe: Probe, pixel_format: str, threads: int) -> dict[str, str]:
    encoder, place = _segments_by(wish), _PLACE[wish.preset]
    factor = str(rate_factor(encoder, wish.quality))
    if encoder == "libx264":
        more = _hdr_params(probe, "mastering-display", "cll")
        return {"preset": wish.preset, "crf": factor, **_joined("x264-params", more)}
    if encoder == "libx265":
        # Each segment must begin anew; and a name of the encoder in it would carry no information.
        fixed = ["log-level=none", "open-gop=0", "info=0", "repeat-headers=0"]
        pools = [f"pools={threads}"] if threads else []
        more = [*fixed, *pools, *_hdr_params(probe, "master-display", "max-cll")]
        return {"preset": wish.preset, "crf": factor, **_joined("x265-params", more)}
    if encoder == "libsvtav1":
        more = [f"lp={threads}"] if threads else []
        more += _hdr_params(probe, "mastering-display", "content-light")
        return {"preset": str(_SVT[place]), "crf": factor, **_joined("svtav1-params", more)}
    if encoder == "libvpx-vp9":
        deadline = "good" if _VPX[place] <= 5 else "realtime"
        effort = {"deadline": deadline, "cpu-used": str(_VPX[place]), "row-mt": "1"}
        return {"crf": factor, "b": "0", **effort}
    if encoder == "ffv1":
        return {"level": "3", "slicecrc": "1", "slices": "4" if min(probe.size) >= 64 else "0"}
    if encoder == "prores_ks":
        fine = PixelFormat.of(pixel_format).steps == (1, 1)
        profile = "4444" if fine else "lt" if wish.quality < 40 else "standard"
        return {"profile": "hq" if wish.quality >= 70 and not fine else profile, "vendor": "apl0"}
    return {"preset": f"p{_NVENC[place]}", "rc": "vbr", "cq": factor, "forced-idr": "1"}


def _joined(name: str, params: list[str]) -> dict[str, str]:
    return {name: ":".join(params)} if params else {}


def _hdr_params(probe: Probe, mastering: str, light: str) -> list[str]:
    """Return the brightness metadata, under the encoder's option names."""
    found = []
    whole = mastering != "mastering-display" or light != "content-light"  # SVT-AV1 takes fractions
    if probe.mastering is not None and (told := _display(probe.mastering, whole=whole)):
        found.append(f"{mastering}={told}")
    if probe.light is not None:
        found.append(f"{light}={_light(probe.light)}")
    return found


def _light(light: ContentLight) -> str:
    return f"{light.brightest},{light.average}"


def _display(mastering: Mastering, *, whole: bool) -> str | None:
    """Return a mastering display as text; in 1/50000 and 1/10000 cd/m², or in fractions."""
    if mastering.primaries is None or mastering.luminance is None:
        return None

    def told(value: Fraction, unit: int) -> str:
        return str(round(value * unit)) if whole else f"{float(value):.5f}"

    red, green, blue, white = (
        f"({told(x, 50000)},{told(y, 50000)})" for x, y in mastering.primaries
    )
    least, most = (told(value, 10000) for value in mastering.luminance)
    return f"G{green}B{blue}R{red}WP{white}L({most},{least})"
