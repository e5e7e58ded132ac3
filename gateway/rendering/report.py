"""The report on a job's result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from gateway.jobs.work import Facts, JobPlan
from gateway.media.join import JoinReport
from gateway.media.probe import Probe
from gateway.pipeline.options.video import VideoOptions
from gateway.pipeline.result import FusedImage
from gateway.pipeline.timings import Timings


def video_report(
    options: VideoOptions,
    probe: Probe,
    joined: JoinReport,
    tallies: Sequence[Facts],
    plan: JobPlan,
) -> dict[str, Any]:
    """Return the report on a video.

    Args:
        options: The requested options.
        probe: The properties of the target.
        joined: The written output.
        tallies: Statistics of each part.
        plan: The division into parts.
    """
    height, width = probe.shape
    doubts = _sum(tallies, "uncertain")
    decoded_format, decoded_colors = probe.decoded
    return {
        "kind": "video",
        "frames": joined.frames,
        "duration_s": round(float(joined.duration_s), 6),
        "size": {"width": width, "height": height},
        "container": joined.container,
        "codec": joined.codec,
        "pixel_format": joined.pixel_format,
        "source": {
            "container": probe.container,
            "codec": probe.codec,
            "pixel_format": decoded_format,
            "hdr": decoded_colors.hdr,
            "damaged": probe.damaged,
        },
        "hdr": "none" if decoded_colors.hdr == "none" else options.video.hdr,
        "lost_frames": _sum(tallies, "lost"),
        "changed_frames": _sum(tallies, "changed"),
        "changed_faces": _sum(tallies, "faces"),
        "interpolated_faces": _sum(tallies, "interpolated"),
        "cuts": _sum(tallies, "cuts"),
        "frame_enhancer": next((t["frame_enhancer"] for t in tallies if t["frame_enhancer"]), None),
        "models": plan.facts["models"],
        "people": len(plan.facts["cast"]["known"]),
        "segments": plan.segments,
        "chapters": joined.chapters,
        "notes": [
            *joined.notes,
            *plan.facts.get("notes", []),  # plans of the former release have none
            *(["orientation_uncertain"] if doubts else []),
        ],
        "companions": [
            {
                "index": one.index,
                "kind": one.kind,
                "codec": one.codec,
                "how": one.how,
                "sha256": one.sha256,
            }
            for one in joined.companions
        ],
        "timings_ms": _added(facts["timings_ms"] for facts in tallies),
    }


def picture_report(
    result: FusedImage, timings: Timings, notes: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the report on an image, with the notes on the target file."""
    height, width = result.image.shape[:2]
    return {
        "kind": "picture",
        "size": {"width": width, "height": height},
        "faces": len(result.faces),
        "changed_faces": len(result.swapped),
        "swapper": result.swapper,
        "frame_enhancer": result.frame_enhancer,
        "notes": list(notes),
        "quality": [
            None if face.quality is None else face.quality.figures.told() for face in result.swapped
        ],
        "timings_ms": timings.milliseconds(),
    }


def _sum(tallies: Sequence[Facts], name: str) -> int:
    return sum(int(facts[name]) for facts in tallies)


def _added(timings: Iterable[Facts]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for one in timings:
        total.update(one)
    return {name: round(value, 3) for name, value in total.items()}
