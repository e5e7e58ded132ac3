"""How truly expressions are carried over, measured again on the pictures that come out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench import data
from bench.figures import Figure, figure
from bench.pictures import FACES, scene
from bench.running import Run
from gateway.arrays import F32, F64, U8, AnyFloat
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.detect import DetectOptions
from gateway.faces.face import Face
from gateway.faces.morphable.controls import CONTROLS
from gateway.faces.morphable.expression import NAMES, displacement, retarget
from gateway.faces.morphable.fit import Fit, fit_landmarks
from gateway.faces.morphable.model import N_NAMED, face_model
from gateway.faces.morphable.person import Person
from gateway.inference.local import LocalInference
from gateway.paths import PROJECT_ROOT
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.timings import Timings
from gateway.pipeline.toolkit import Toolkit
from gateway.processors.expression_restorer import Performance, restore_expression
from gateway.processors.openings import Donor, InpaintingSource, eye_distance

MEASURES = np.stack([control.measure.ravel() for control in CONTROLS])
VISIBLE_IOD_PCT = 2.5  # spread of a control's own motion; the landmarks' noise is 1.5
FACE_PX = 256  # width of the portraits' faces
LEAST_ASKED = 0.03  # spread of a control over the frames from which a correlation says something


class Bench:
    """The service's parts without the service."""

    def __init__(self) -> None:
        self.inference = LocalInference(PROJECT_ROOT / "model_repository")
        self.compute = Compute()
        kit = Toolkit.of(ModelSelector(self.inference, self.compute))
        self.analyser, self.embedder, self.fuser = kit.analyser, kit.embedder, kit.image_fuser()

    async def face(self, image: U8) -> Face:
        options = DetectOptions(precise=True)
        return (await self.analyser.analyse(image, deadline=Deadline.after(60), options=options))[0]

    async def made(self, source: U8, target: U8, **options: object) -> U8:
        return await self.made_of([source], target, **options)

    async def made_of(self, sources: Sequence[U8], target: U8, **options: object) -> U8:
        result = await self.fuser.swap(
            list(sources),
            target,
            parse_options(dict(options)),
            deadline=Deadline.after(60),
            timings=Timings(),
        )
        return result.image

    async def apart(self, image: U8, face: Face, other: U8, others: Face) -> float:
        deadline = Deadline.after(60)
        a = await self.embedder.embed(image, [face], deadline=deadline)
        b = await self.embedder.embed(other, [others], deadline=deadline)
        return float(np.linalg.norm(a[0] - b[0]))

    async def close(self) -> None:
        await self.inference.close()
        self.compute.close()


def asked_for(n: int) -> list[tuple[F32, F32]]:
    """Return expressions of people the model was not learned from, each with its person's rest."""
    read = data.meshes()
    if read is None:
        return []
    landmarks, sizes, person, _ = read
    rng = np.random.default_rng(0)
    videoed = [p for p in face_model().held_out if (person == p).sum() >= 20]
    out = []
    for p in videoed:
        fit = fit_landmarks(landmarks[person == p], sizes[person == p])
        known = Person.of(landmarks[person == p], sizes[person == p], fit)
        fit = known.fit(landmarks[person == p], sizes[person == p])
        for i in rng.permutation(len(fit.identity))[: -(-n // len(videoed))]:
            out.append((fit.expression[i], known.rest))
    return out


def known_from(face: Face, image: U8) -> Person:
    return Person.of(face.landmarks[None], size_of(image), face.fit)


def size_of(image: U8) -> F64:
    return np.array([[image.shape[1], image.shape[0]]], np.float64)


async def transfer(run: Run) -> dict[str, Figure]:
    """Return how truly people's expressions arrive on portraits, measured on the pictures made."""
    frames = data.talking_head(run.size(6, 60))
    expressions = asked_for(run.size(70, 3))
    if not frames or not expressions:
        print("videos or landmarks are not there: nothing is carried over")
        return {}
    bench = Bench()
    speaking = [await bench.face(frame) for frame in frames]
    lent = [
        Donor(frame, speaker.landmarks, InpaintingSource.LIBRARY)
        for frame, speaker in zip(frames, speaking, strict=True)
    ]
    asked_all, set_all, got_all, off, turned, apart, moved = [], [], [], [], [], [], []
    restful = min(range(len(frames)), key=lambda n: float(np.abs(speaking[n].expression).sum()))
    stills = [*(scene(name, (640, 640), FACE_PX) for name in FACES), frames[restful]]
    for still in stills:
        own = await bench.face(still)
        owner = known_from(own, still)
        asked, told, got = [], [], []
        for expression, rest in expressions:
            wanted = retarget(expression, rest, own.rest)
            result = restore_expression(still, own, Performance(wanted, donors=lent))
            assert result is not None
            made = still.copy()
            result.region.of(made)[...] = result.pixels
            shown = await bench.face(made)
            again = owner.fit(shown.landmarks[None], size_of(made))
            asked.append(owner.fit(result.landmarks[None], size_of(made)).named[0])
            told.append(wanted[:N_NAMED])
            got.append(again.named[0])
            moved.append(MEASURES @ displacement(wanted, own.expression).ravel())
            distance = np.linalg.norm((shown.landmarks - result.landmarks)[:468, :2], axis=1).mean()
            off.append(100 * float(distance) / eye_distance(own.landmarks))
            turned.append(pose_change(own.fit, again))
            apart.append(await bench.apart(made, shown, still, own))
        asked_all.append(np.stack(asked))
        set_all.append(np.stack(told))
        got_all.append(np.stack(got))
    swapped = await swaps(bench, frames, speaking)
    await bench.close()
    correlations, of_numbers = correlated(asked_all, got_all), correlated(set_all, got_all)
    for control, values in correlations.items():
        print(f"{control:22s} {'  '.join(f'{v:5.2f}' for v in values)}")
    spread = dict(zip(NAMES, 100 * np.std(moved, axis=0), strict=True))
    visible = [name for name in correlations if spread[name] > VISIBLE_IOD_PCT]
    pairs = f"{len(expressions)} held-out expressions on {len(stills)} faces, seen in the results"
    return {
        "transfer_corr_median": figure(
            [float(np.median(v)) for v in correlations.values()],
            "",
            f"correlation with the asked-for geometry's fit, by control; {pairs}",
            "≥ 0.85",
        ),
        "transfer_corr_numbers_median": figure(
            [float(np.median(v)) for v in of_numbers.values()],
            "",
            "the same with the coefficients themselves, before lips and lids were fitted",
        ),
        "transfer_corr_visible_median": figure(
            [float(np.median(correlations[name])) for name in visible],
            "",
            f"the same, of the {len(visible)} controls whose motion is above the network's noise",
        ),
        "transfer_landmark_iod_pct": figure(
            off, "%", "landmarks' distance from where asked", "≤ 3"
        ),
        "pose_change_deg_p95": figure(
            [float(np.percentile(turned, 95))], "°", "change of the head's pose, p95", "≤ 1"
        ),
        "transfer_identity_distance": figure(
            apart, "", "descriptors' distance of the result from its owner", "≤ 0.5"
        ),
    } | swapped


async def swaps(bench: Bench, frames: Sequence[U8], speaking: Sequence[Face]) -> dict[str, Figure]:
    """Return how truly a swapped face keeps the target's expression, and the source's identity.

    Speaker and result are each fitted as one person, as in a video.
    """
    frames, speaking = frames[::2], speaking[::2]
    asked = as_one_person(speaking, frames[0])
    asked_all, got_all, apart, turned = [], [], [], []
    for name in FACES:
        still = scene(name, (640, 640), FACE_PX)
        own = await bench.face(still)
        shown = []
        for frame, speaker in zip(frames, speaking, strict=True):
            made = await bench.made(still, frame)
            shown.append(await bench.face(made))
            turned.append(pose_change(speaker.fit, shown[-1].fit))
            apart.append(await bench.apart(made, shown[-1], still, own))
        asked_all.append(asked)
        got_all.append(as_one_person(shown, frames[0]))
    values = [float(np.median(v)) for v in correlated(asked_all, got_all).values()]
    return {
        "swap_corr_median": figure(values, "", "a swap with the target's expression, by control"),
        "swap_pose_change_deg_p95": figure(
            [float(np.percentile(turned, 95))], "°", "change of the head's pose by a swap, p95"
        ),
        "swap_identity_distance": figure(
            apart, "", "descriptors' distance of a swap from the source", "≤ 0.5"
        ),
    }


def as_one_person(faces: Sequence[Face], frame: U8) -> F32:
    """Return the named controls (N, K) of faces that are one person's, in frames of one size."""
    landmarks = np.stack([face.landmarks for face in faces])
    sizes = np.repeat(size_of(frame), len(faces), axis=0)
    alone = fit_landmarks(landmarks, sizes)
    return Person.of(landmarks, sizes, alone).fit(landmarks, sizes).named


def correlated(asked: Sequence[AnyFloat], got: Sequence[AnyFloat]) -> dict[str, list[float]]:
    """Return Pearson's correlation by control, one for each portrait; only what was asked for."""
    out: dict[str, list[float]] = {}
    for a, g in zip(asked, got, strict=True):
        for k, control in enumerate(CONTROLS):
            if a[:, k].std() > LEAST_ASKED:
                spread = g[:, k].std()
                value = float(np.corrcoef(a[:, k], g[:, k])[0, 1]) if spread > 1e-6 else 0.0
                out.setdefault(control.name, []).append(value)
    return out


def pose_change(before: Fit, after: Fit) -> float:
    """Return the angle between two heads in degrees."""
    turn = before.rotation[0].T @ after.rotation[0]
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))))
