"""The work of jobs: videos and images with replaced faces."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.compute import Compute
from gateway.deadline import CallPriority, Deadline
from gateway.errors import InvalidOptions, NoFaceInTarget, NoMatchingFace, VideoTooLong
from gateway.jobs.work import Facts, Finished, JobPlan, Made, StepControl, Task
from gateway.media.containers import HEAD, moves, starts_like_a_video
from gateway.media.image import MEDIA_TYPES, encode_image
from gateway.media.join import join, rehearse
from gateway.media.packets import append_packet
from gateway.media.probe import Probe
from gateway.media.verify import verify
from gateway.media.video import DecodedFrame, TimeSpan, VideoSource
from gateway.pipeline.options.parse import read_options
from gateway.pipeline.options.requirements import require_pictures
from gateway.pipeline.options.swap import MODELS
from gateway.pipeline.options.video import VideoOptions
from gateway.pipeline.result import Note
from gateway.pipeline.selection.stored import require_claims
from gateway.pipeline.timings import Timings
from gateway.pipeline.video.cast import VideoCast
from gateway.pipeline.video.context import VideoFusionContext
from gateway.rendering.inputs import (
    AsyncCache,
    RenderInputs,
    RenderLimits,
    Tools,
    read_inputs,
    read_target_picture,
    stored_inputs,
    target_of,
)
from gateway.rendering.plan import (
    CLOSEST_LOOK,
    FIRST_LOOK,
    SURVEY_S,
    sample_times,
    spans_from_json,
    spans_to_json,
    split_into_segments,
)
from gateway.rendering.report import picture_report, video_report
from gateway.rendering.segment import SegmentMaker, SegmentTally
from gateway.telemetry.spans import add_stages, span, summarized
from gateway.trust.credentials.records import Original
from gateway.trust.marking import Marks
from gateway.trust.provenance import ConsentClaim, Provenance, job_provenance
from gateway.trust.sealing import Sealer

VIDEO, PICTURE = "video", "picture"
ANALYSIS = ("blazeface_short", "blazeface_full", "face_mesh", "iris", "face_3dmm")
"""The networks that find faces."""
CODING_THREADS = 2
"""Threads beside a studio's: one reads frames, one encodes them."""
CONTAINERS: Mapping[str, tuple[str, str]] = {
    "mp4": ("video/mp4", ".mp4"),
    "mov": ("video/quicktime", ".mov"),
    "mkv": ("video/matroska", ".mkv"),
    "webm": ("video/webm", ".webm"),
    "gif": ("image/gif", ".gif"),
    "webp": ("image/webp", ".webp"),
}


class RenderWork:
    """Renders the requests of jobs; see `jobs.work.Work`."""

    def __init__(self, tools: Tools, limits: RenderLimits) -> None:
        """Take what does the work, and its limits."""
        self._tools = tools
        self._limits = limits
        self._compute = tools.compute
        self._probes: AsyncCache[Probe] = AsyncCache()
        self._inputs: AsyncCache[RenderInputs] = AsyncCache()

    def accept(self, options: bytes | str | dict[str, Any] | None) -> Facts:
        """Read the options of a job; see `Work.accept`."""
        read = read_options(VideoOptions, options)
        self._tools.trust.check(read.marks)
        return read.model_dump(mode="json")

    def require(self, options: Facts, counts: Mapping[str, int], source_id: str | None) -> None:
        """Check the files that were sent; see `Work.require`."""
        read = VideoOptions.model_validate(options)
        require_pictures(read, counts, source_id)
        require_claims(self._tools.guard.rules("video"), read, counts.get("source", 0))

    async def close(self) -> None:
        """End the threads, and close the networks in them; see `JobWork.close`."""
        await asyncio.to_thread(self._tools.studio.close)
        await self._tools.fuser.close()

    async def plan(self, task: Task, control: StepControl) -> JobPlan:
        """Probe the target, identify the people in it, and divide it; see `Work.plan`."""
        options = VideoOptions.model_validate(task.options)
        inputs = await self._inputs_of(task, options)
        if not await self._compute.run(_is_video, target_of(task)):
            await self._compute.run(read_target_picture, task, self._limits)
            options.require_picture()
            return JobPlan(1, 1, {"kind": PICTURE})
        options.require_video()
        self._tools.trust.sealer.require()
        settled = self._tools.kit.models.resolve(options)
        probe = await self._probe_of(task, options)
        whole = _whole(options, probe)
        length_s = (whole.end_s or probe.timing.duration_s) - whole.start_s
        if length_s > self._limits.max_video_s:
            raise VideoTooLong(
                f"The video is {float(length_s):.0f} seconds long; "
                f"at most {self._limits.max_video_s:g} are allowed.",
                extra={"max_video_s": self._limits.max_video_s},
            )
        await self._compute.run(self._rehearse, task, probe, options)
        with span("survey"), summarized():
            cast = await self._survey(task, probe, whole, options, inputs, control)
        spans = split_into_segments(probe.timing, whole)
        share = float(length_s / probe.timing.duration_s) if probe.timing.duration_s else 1.0
        frames = max(1, round(probe.timing.frames * min(share, 1.0)))
        mixed = await self._tools.kit.people.mixed(
            inputs.players.sent(options.mapping),
            deadline=Deadline.after(self._limits.call_s, CallPriority.VIDEO),
        )
        facts = {
            "kind": VIDEO,
            "notes": [Note.PORTRAITS_DIFFER] if mixed else [],
            "spans": spans_to_json(spans),
            "cast": cast.facts(),
            "models": {name: getattr(settled, name) for name in MODELS},
        }
        return JobPlan(len(spans), frames, facts)

    async def segment(
        self, task: Task, plan: JobPlan, index: int, out: Path, control: StepControl
    ) -> Made:
        """Make one part; see `Work.segment`."""
        options = VideoOptions.model_validate(task.options)
        inputs = await self._inputs_of(task, options)
        await stored_inputs(self._tools, task, options)  # consent may have been withdrawn since
        if plan.facts["kind"] == PICTURE:
            return await self._picture(task, options, inputs, out, control)
        # The served networks may change meanwhile; all parts must use the same ones.
        options = options.model_copy(update=plan.facts["models"])
        probe = await self._probe_of(task, options)
        timings = Timings()
        production = VideoFusionContext(
            VideoCast.of_facts(plan.facts["cast"]),
            inputs.players,
            options,
            timings,
            library=inputs.library,
            call_s=self._limits.call_s,
            consents=inputs.consents,
        )
        part = spans_from_json(plan.facts["spans"])[index]
        home = asyncio.get_running_loop()

        async def make() -> SegmentTally:
            with closing(Compute(CODING_THREADS)) as coding:
                fuser = self._tools.fuser(coding, home)
                maker = SegmentMaker(fuser, coding, threads=self._limits.threads)
                return await maker.make(
                    self._source(task),
                    probe,
                    part,
                    production=production,
                    output=options.video,
                    marks=self._marks(task, options),
                    begins_s=Fraction(str(options.video.start_s)),
                    out=out,
                    control=control,
                )

        with summarized():  # there are thousands of frames
            tally = await self._tools.studio.run(make)
        add_stages(timings.milliseconds())
        if not tally.frames:  # between two frames that are far apart
            await self._compute.run(out.touch)
        return Made(tally.frames, tally.facts() | {"timings_ms": timings.milliseconds()})

    async def finish(
        self,
        task: Task,
        plan: JobPlan,
        parts: Sequence[tuple[Path, Made]],
        out: Path,
        control: StepControl,
    ) -> Finished:
        """Join the parts; see `Work.finish`."""
        options = VideoOptions.model_validate(task.options)
        stored = await stored_inputs(self._tools, task, options)  # consent as it is at delivery
        if plan.facts["kind"] == PICTURE:
            ((path, made),) = parts
            await self._compute.run(_moved, path, out)
            format = made.facts["format"]
            return Finished(MEDIA_TYPES[format], f".{format}", made.facts["report"])
        probe = await self._probe_of(task, options)
        tallies = [made.facts for _, made in parts]
        if not options.faceless and not sum(facts["faces"] for facts in tallies):
            raise NoMatchingFace("Whoever is meant is in no frame of the video.")
        control.check()
        claim = self._tools.trust.claim(options.consent, stored.consent.used)
        provenance = self._provenance(task, options, plan.facts["models"].values(), claim)
        sealer = self._tools.trust.sealer
        joined = await self._compute.run(
            lambda: join(
                self._source(task),
                [path for path, made in parts if made.frames],
                out,
                probe=probe,
                wish=options.video,
                span=_whole(options, probe) if _trimmed(options) else None,
                tags=sealer.tags(provenance),
            )
        )
        control.check()
        await self._compute.run(verify, out, joined, probe)
        media_type, suffix = CONTAINERS[joined.container]
        notes = await self._compute.run(
            _seal_film, sealer, out, media_type, provenance, target_of(task)
        )
        report = video_report(options, probe, joined, tallies, plan)
        report |= {"provenance_id": provenance.id, "notes": [*report["notes"], *notes]}
        return Finished(media_type, suffix, report)

    async def _picture(
        self,
        task: Task,
        options: VideoOptions,
        inputs: RenderInputs,
        out: Path,
        control: StepControl,
    ) -> Made:
        """Change a picture, as `POST /v1/swaps` does."""
        control.check()
        timings = Timings()
        target = await self._compute.run(read_target_picture, task, self._limits)
        result = await self._tools.pictures.swap(
            inputs.sources,
            target.rgb,
            options,
            deadline=Deadline.after(self._limits.call_s, CallPriority.VIDEO),
            timings=timings,
            references=inputs.references,
            library=inputs.library,
            identities=inputs.players.identities,
            source_id=task.source_id,
            consents=inputs.consents,
        )
        format = options.output.format or target.format
        marks = self._marks(task, options)
        with timings.stage("mark"):
            rgb = await self._compute.run(marks.on_picture, result.image, target.rgb)
        image = target.with_rgb(rgb)
        claim = self._tools.trust.claim(options.consent, inputs.consents.used)
        provenance = self._provenance(task, options, (*ANALYSIS, *result.networks), claim)
        sealer = self._tools.trust.sealer

        def write() -> None:
            xmp = sealer.packet(provenance)
            made = encode_image(image, format, quality=options.output.quality, xmp=xmp)
            original = Original.at(target_of(task))
            out.write_bytes(sealer.picture(made, MEDIA_TYPES[format], provenance, original))

        await self._compute.run(write)
        control.advance(1)
        notes = (*image.notes_as(format), *marks.notes(rgb.shape[:2]))
        report = picture_report(result, timings, notes) | {"provenance_id": provenance.id}
        return Made(1, {"format": format, "report": report})

    async def _survey(
        self,
        task: Task,
        probe: Probe,
        whole: TimeSpan,
        options: VideoOptions,
        inputs: RenderInputs,
        control: StepControl,
    ) -> VideoCast:
        """Survey the people in the video; sample more densely until one is found, if required."""
        nobody = VideoCast((), (), options.face_selector.reference_distance)
        if not options.face_steps:
            return nobody
        count, apart_s = FIRST_LOOK, SURVEY_S
        while True:
            times = sample_times(probe.timing, whole, count, apart_s)
            try:
                with closing(self._glances(task, probe, times, control)) as glances:
                    return await self._tools.kit.surveyor().survey(
                        glances,
                        options,
                        deadline=Deadline.after(
                            self._limits.call_s * len(times), CallPriority.VIDEO
                        ),
                        references=inputs.references,
                        identities=inputs.players.identities,
                    )
            except (NoMatchingFace, NoFaceInTarget):
                frame_s = 1 / probe.timing.rate
                everywhere = len(times) < count and apart_s == frame_s
                if count >= CLOSEST_LOOK or everywhere:
                    if options.faceless:
                        return nobody
                    raise
            count, apart_s = 4 * count, frame_s

    def _glances(
        self, task: Task, probe: Probe, times: Sequence[Fraction], control: StepControl
    ) -> Generator[DecodedFrame, None, None]:
        """Yield the frames at certain times, those that can be read; each once."""
        wanted = deque(times)
        while wanted:
            with self._source(task).read(probe, TimeSpan(wanted[0])) as reader:
                for frame in reader:
                    control.check()
                    if frame.time_s < wanted[0]:
                        continue
                    yield frame
                    while wanted and wanted[0] <= frame.time_s:
                        wanted.popleft()
                    # Reading on is quicker than beginning anew, up to the next key frame.
                    if not wanted or probe.timing.key_before(wanted[0]) > frame.time_s:
                        break
                else:
                    return

    def _rehearse(self, task: Task, probe: Probe, options: VideoOptions) -> None:
        """Write one frame in all steps, so that what does not work is known before any work."""
        with TemporaryDirectory(prefix=f"{task.id}.", dir=target_of(task).parent) as folder:
            rehearse(
                self._source(task),
                Path(folder),
                probe=probe,
                wish=options.video,
                threads=self._limits.threads,
            )

    async def _probe_of(self, task: Task, options: VideoOptions) -> Probe:
        """Return the properties of the target, or those after its tone mapping."""

        async def look() -> Probe:
            probe = await self._compute.run(self._source(task).probe)
            return probe.tone_mapped() if options.video.hdr == "tone_map" else probe

        return await self._probes.of(task.id, look)

    def _marks(self, task: Task, options: VideoOptions) -> Marks:
        """Return what the result is marked with: the same for each of its parts."""
        provenance_id = job_provenance(task.id)
        return self._tools.trust.marks(
            options.marks, tenant=task.tenant, provenance_id=provenance_id
        )

    def _provenance(
        self, task: Task, options: VideoOptions, models: Iterable[str], claim: ConsentClaim
    ) -> Provenance:
        """Return what is said of the result."""
        sources = [_sha256(path) for path in task.files.get("source", ())]
        return self._tools.trust.provenance(
            job_provenance(task.id),
            task.id,
            models=[name for name in models if name],
            sources=sources,
            consent=claim,
            watermark=self._marks(task, options).key is not None,
        )

    def _source(self, task: Task) -> VideoSource:
        return VideoSource(
            target_of(task),
            self._limits.max_pixels,
            name="The target",
            threads=self._limits.threads,
        )

    async def _inputs_of(self, task: Task, options: VideoOptions) -> RenderInputs:
        async def read() -> RenderInputs:
            return await read_inputs(self._tools, self._limits, task, options)

        return await self._inputs.of(task.id, read)


def _is_video(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(HEAD)
        if len(head) > 8 and starts_like_a_video(head.ljust(HEAD, b"\0")):
            return True
        return moves(file)


def _seal_film(
    sealer: Sealer, path: Path, media_type: str, provenance: Provenance, target: Path
) -> tuple[str, ...]:
    append_packet(path, media_type, sealer.packet(provenance), sealer.tags(provenance))
    return sealer.film(path, media_type, provenance, Original.at(target))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _moved(path: Path, out: Path) -> None:
    out.write_bytes(path.read_bytes())


def _trimmed(options: VideoOptions) -> bool:
    return options.video.start_s > 0 or options.video.end_s is not None


def _whole(options: VideoOptions, probe: Probe) -> TimeSpan:
    """Return the requested part of the video.

    Raises:
        InvalidOptions: the video is over before it begins.
    """
    video = options.video
    start_s = Fraction(str(video.start_s))
    if start_s and start_s >= probe.timing.duration_s:
        raise InvalidOptions(
            f"The video is {float(probe.timing.duration_s):.3f} seconds long.",
            errors=[{"pointer": "/video/start_s", "detail": "lies beyond the video's end"}],
        )
    return TimeSpan(start_s, None if video.end_s is None else Fraction(str(video.end_s)))
