"""The work of jobs: videos and images with replaced faces."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.compute import Compute
from gateway.deadline import CallPriority, Deadline
from gateway.errors import NoFaceInTarget, NoMatchingFace, VideoTooLong
from gateway.jobs.work import Facts, Finished, JobPlan, Made, StepControl, Task
from gateway.media.image import MEDIA_TYPES
from gateway.media.join import join, rehearse
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
from gateway.rendering.delivery import ANALYSIS, Delivery, delivered
from gateway.rendering.inputs import (
    AsyncCache,
    RenderInputs,
    RenderLimits,
    Tools,
    is_video,
    read_inputs,
    read_target_picture,
    stored_inputs,
    target_of,
)
from gateway.rendering.plan import (
    CLOSEST_LOOK,
    FIRST_LOOK,
    SURVEY_S,
    is_trimmed,
    sample_times,
    spans_from_json,
    spans_to_json,
    split_into_segments,
    whole_of,
)
from gateway.rendering.report import picture_report, video_report
from gateway.rendering.segment import SegmentMaker, SegmentTally
from gateway.telemetry.spans import add_stages, span, summarized
from gateway.trust.provenance import Provenance

VIDEO, PICTURE = "video", "picture"
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
        if not await self._compute.run(is_video, target_of(task)):
            await self._compute.run(read_target_picture, task, self._limits)
            options.require_picture()
            return JobPlan(1, 1, {"kind": PICTURE})
        options.require_video()
        self._tools.trust.sealer.require()
        self._tools.audit.require()
        settled = self._tools.kit.models.resolve(options)
        probe = await self._probe_of(task, options)
        whole = whole_of(options, probe)
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
                    marks=self._delivery(task, options).marks,
                    begins_s=Fraction(str(options.video.start_s)),
                    out=out,
                    control=control,
                )

        with summarized():  # there are thousands of frames
            tally = await self._tools.studio.run(make)
        add_stages(timings.milliseconds())
        await self._tools.content.check(
            [("result", look) for look in tally.looks],
            deadline=Deadline.after(self._limits.call_s, CallPriority.VIDEO),
        )
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
            used = (*ANALYSIS, *made.facts.get("networks", ()))
            provenance = await self._compute.run(
                self._delivery(task, options).provenance, used, stored.consent.used
            )
            await self._logged(task, provenance, out)
            return Finished(MEDIA_TYPES[format], f".{format}", made.facts["report"])
        probe = await self._probe_of(task, options)
        tallies = [made.facts for _, made in parts]
        if not options.faceless and not sum(facts["faces"] for facts in tallies):
            raise NoMatchingFace("Whoever is meant is in no frame of the video.")
        control.check()
        delivery = self._delivery(task, options)
        provenance = await self._compute.run(
            delivery.provenance, plan.facts["models"].values(), stored.consent.used
        )
        joined = await self._compute.run(
            lambda: join(
                self._source(task),
                [path for path, made in parts if made.frames],
                out,
                probe=probe,
                wish=options.video,
                span=whole_of(options, probe) if is_trimmed(options) else None,
                tags=self._tools.trust.sealer.tags(provenance),
            )
        )
        control.check()
        await self._compute.run(verify, out, joined, probe)
        media_type, suffix = CONTAINERS[joined.container]
        notes = await self._compute.run(delivery.seal_film, out, media_type, provenance)
        await self._logged(task, provenance, out)
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
        await self._tools.content.check(
            [("result", result.image)],
            deadline=Deadline.after(self._limits.call_s, CallPriority.VIDEO),
        )
        delivery = self._delivery(task, options)
        marks = delivery.marks
        with timings.stage("mark"):
            rgb = await self._compute.run(marks.on_picture, result.image, target.rgb)
        image = target.with_rgb(rgb)
        used = (*ANALYSIS, *result.networks)
        provenance = await self._compute.run(delivery.provenance, used, inputs.consents.used)
        await self._compute.run(delivery.write_picture, image, format, provenance, out)
        control.advance(1)
        notes = (*image.notes_as(format), *marks.notes(rgb.shape[:2]))
        report = picture_report(result, timings, notes) | {"provenance_id": provenance.id}
        facts = {"format": format, "report": report, "networks": list(result.networks)}
        return Made(1, facts)

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

    async def _logged(self, task: Task, provenance: Provenance, out: Path) -> None:
        """Log that a result is delivered; where that fails, it is not."""

        def log() -> None:
            self._tools.audit.append(delivered(task, provenance, out))

        await self._compute.run(log)

    def _delivery(self, task: Task, options: VideoOptions) -> Delivery:
        return Delivery(self._tools.trust, task, options, target_of(task))

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


def _moved(path: Path, out: Path) -> None:
    out.write_bytes(path.read_bytes())
