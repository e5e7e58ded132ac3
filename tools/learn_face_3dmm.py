"""Learn the morphable model from landmark positions alone.

What goes in are the Face Mesh results of many people, some videoed, most photographed once. Out
come the arrays of `gateway.faces.morphable.model.FaceModel`:

1. Every frame is brought into the head's frame by a similarity over rigid points.
2. Each person's *neutral* is the mean of the frames in which the controls' measures are nearest to
   rest; of people seen once it is what the model of the round before leaves when the expression is
   taken away.
3. Deviations from the neutral are regressed on the controls' measures, one-sided, and on the head's
   pose: what moves with each control, and how the network distorts faces that turn. Sides share
   their data by mirroring, every control keeps to its part of the face, and a few rounds of
   coefficients ↔ shapes (after H. Li, T. Weise, M. Pauly, "Example-based facial rigging", SIGGRAPH
   2010) let the shapes explain as much as they can without losing their names.
4. Identity is the principal subspace of the neutrals; its read-out is the linear estimator that
   knows how much a single frame can be trusted in each direction (as Fisher's discriminant: the
   variance over people against the variance of one person over time, expressions included).
5. What is left over becomes the residual basis.

People are held out, not rows: the arrays are learned without `held_out`, and the figures printed
are of those.

    python tools/learn_face_3dmm.py FACE_MESHES.npz gateway/faces/morphable/data/face_3dmm.npz
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.faces.morphable.controls import CONTROLS, INDEX, PARTNERS, ControlArea, mirrored
from gateway.faces.morphable.fit import fit_landmarks
from gateway.faces.morphable.model import FaceModel, pack, pose_terms, unpack
from gateway.faces.regions import distance_to_eyes, distance_to_outline
from gateway.faces.topology import N_LANDMARKS, N_MESH, topology
from gateway.imaging.geometry.transforms import fit_similarity_3d

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

N_IDENTITY, N_RESIDUAL = 24, 40
ROUNDS = 4
VIDEOED = 20  # frames from which a person counts as videoed
HELD_VIDEOED, HELD_PHOTOGRAPHED = 7, 40
SEED = 7
NOISE_RANK = 160  # directions of the variation of one person that are told apart
RIPPLE = 1e-3  # least variance of an expression coefficient
TRUST = 0.03  # errors of neighbouring coordinates are alike: this share of them counts
CONTROL_SPREAD = 0.32  # standard deviation of a control about rest, beforehand
FLIP = np.array([-1, 1, 1, 1, -1.0])  # what mirroring does to the pose terms
MEASURES = np.stack([c.measure.ravel() for c in CONTROLS])
BLIND = 1e3  # variance of a control as noise
UNKNOWN_RANK = 40  # directions in which people differ beyond their identity coefficients
SIDEWAYS = [INDEX[name] for name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")]
STILL = np.array(  # measures whose rest is the middle of what a person does, not one end
    [
        c.part in (ControlArea.BROWS, ControlArea.EYES, ControlArea.GAZE)
        or c.name in ("jawForward", "jawLeft", "jawRight", "mouthLeft", "mouthRight")
        for c in CONTROLS
    ]
)


@dataclass(frozen=True)
class Data:
    """The frames: landmarks (N, 478, 3) in pixels, sizes (N, 2), and who it is (N,)."""

    landmarks: F64
    sizes: F64
    person: NDArray[np.int64]
    clip: NDArray[np.int64]
    held: Bool
    videoed: Bool
    digest: str

    @property
    def weight(self) -> F64:
        """(N,): so that long videos do not outweigh the rest."""
        weight = 1 / np.sqrt(np.bincount(self.person)[self.person])
        return np.asarray(weight / weight.mean())


def read(path: Path) -> Data:
    data = np.load(path)
    person = data["identity"].astype(np.int64)
    frames = np.bincount(person)
    rng = np.random.default_rng(SEED)
    videoed, once = np.flatnonzero(frames >= VIDEOED), np.flatnonzero(frames < VIDEOED)
    held = [rng.permutation(videoed)[:HELD_VIDEOED], rng.permutation(once)[:HELD_PHOTOGRAPHED]]
    return Data(
        data["landmarks_16"].astype(np.float64) / 16,
        data["size"].astype(np.float64),
        person,
        data["clip"].astype(np.int64),
        np.isin(person, np.concatenate(held)),
        frames[person] >= VIDEOED,
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def smoothstep(x: F64) -> F64:
    t = np.clip(x, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def reach() -> F64:
    """(K, 478): how far each control may move each landmark, 0–1."""
    mean = topology().mean.astype(np.float64)
    y, eye = mean[:, 1], mean[[33, 133, 263, 362], 1].mean()
    skin = (np.arange(N_LANDMARKS) < N_MESH).astype(np.float64)
    from_eyes = np.zeros(N_LANDMARKS)
    from_eyes[:N_MESH] = distance_to_eyes()
    lower = smoothstep((y - eye - 0.02) / 0.30) * skin
    parts = {
        ControlArea.JAW: lower,
        ControlArea.MOUTH: lower,
        ControlArea.CHEEKS: smoothstep((y - eye + 0.1) / 0.2)
        * smoothstep((mean[17, 1] + 0.2 - y) / 0.3)
        * skin,
        ControlArea.BROWS: smoothstep((eye + 0.22 - y) / 0.22) * skin,
        ControlArea.EYES: smoothstep(1.6 - from_eyes / 0.22) * skin,
        ControlArea.GAZE: (1 - skin) + smoothstep(1 - from_eyes / 0.12) * skin,
    }
    inner = np.ones(N_LANDMARKS)
    inner[:N_MESH] = smoothstep(distance_to_outline().astype(np.float64) / 0.3)
    parts[ControlArea.CHEEKS] *= inner
    # The subject's right is on the left; above the mouth one side moves without the other.
    sides = {
        "Right": smoothstep(0.5 - mean[:, 0] / 0.2),
        "Left": smoothstep(0.5 + mean[:, 0] / 0.2),
    }
    whole = np.ones(N_LANDMARKS)
    return np.stack(
        [
            parts[c.part] * (whole if c.part in BOTH_SIDES else side_of(c.name, sides, whole))
            for c in CONTROLS
        ]
    )


BOTH_SIDES = (ControlArea.MOUTH, ControlArea.JAW)  # a mouth is one


def side_of(name: str, sides: dict[str, F64], whole: F64) -> F64:
    return next((side for ending, side in sides.items() if name.endswith(ending)), whole)


REACH = reach()


def local(shapes: F64) -> F64:
    """Keep every control's shape (K, V) to its part, and the sides alike."""
    kept = (shapes.reshape(-1, N_LANDMARKS, 3) * REACH[..., None]).reshape(shapes.shape)
    kept = (kept + flip(kept)[PARTNERS]) / 2
    opposite = (kept - kept[PARTNERS]) / 2  # to the left is to the right, backwards
    kept[SIDEWAYS] = opposite[SIDEWAYS]
    return np.asarray(kept)


def flip(shapes: F64) -> F64:
    """Mirror shapes (N, V)."""
    return np.asarray(mirrored(shapes.reshape(-1, N_LANDMARKS, 3)).reshape(shapes.shape))


def into_head(landmarks: F64, shapes: F64) -> tuple[F64, F64]:
    """Bring landmarks into the frame of shapes (478, 3) or (N, 478, 3); also the rotations."""
    shapes = np.broadcast_to(shapes, landmarks.shape)
    heads, rotations = np.empty_like(landmarks), np.empty((len(landmarks), 3, 3))
    for i, points in enumerate(landmarks):
        pose = fit_similarity_3d(shapes[i], points, topology().rigidity)
        heads[i] = (points - pose.translation) @ pose.rotation / pose.scale
        rotations[i] = pose.rotation
    return heads.reshape(len(heads), -1), rotations


def neutral_frames(straight: F64, data: Data) -> F64:
    """Each person's neutral (P, V): the mean of the frames nearest to rest."""
    measured = straight @ MEASURES.T
    jaw = INDEX["jawOpen"]
    neutral = np.zeros((data.person.max() + 1, straight.shape[1]))
    for p in range(len(neutral)):
        frames = np.flatnonzero(data.person == p)
        m = measured[frames]
        rest = np.where(STILL, np.median(m, axis=0), np.percentile(m, 20, axis=0))
        away = np.abs(m - rest) / (m.std(0) + 1e-9)
        activity = away.mean(1) + np.maximum((m - rest)[:, jaw], 0) / (m.std(0)[jaw] + 1e-9)
        best = np.argsort(activity)[: max(8, len(frames) // 10)]
        neutral[p] = straight[frames[best]].mean(0)
    return neutral


def box_fit(pull: F64, gram: F64, steps: int = 100) -> F64:
    """Minimise β G β / 2 - pull β over the box; (N, K)."""
    root = np.sqrt(np.diag(gram))
    rate = 1 / (np.linalg.eigvalsh(gram / np.outer(root, root))[-1] * root**2)
    now = ahead = np.zeros_like(pull)
    t = 1.0
    for _ in range(steps):
        following = np.clip(ahead + rate * (pull - ahead @ gram), 0, 1)
        then = (1 + np.sqrt(1 + 4 * t * t)) / 2
        ahead = following + (t - 1) / then * (following - now)
        now, t = following, then
    return now


def regress(features: F64, values: F64, weight: F64, ridge: F64, prior: F64) -> F64:
    """Weighted ridge regression (features, values), drawn towards `prior`."""
    weighted = (features * weight[:, None]).T
    found = np.linalg.solve(
        weighted @ features + np.diag(ridge), weighted @ values + ridge[:, None] * prior
    )
    return np.asarray(found, np.float64)


def gauge() -> F64:
    """Return the projector (V, V) that takes the head's own motion out of a displacement.

    Displacements times this move, turn and grow the rigid points by nothing on average: what is
    left of a pose's error in a shape cannot be taken for somebody's identity or expression, and
    pose and shape are found almost independently.
    """
    mean = topology().mean.astype(np.float64)
    zero = np.zeros(len(mean))
    x, y, z = mean.T
    one = np.ones(len(mean))
    motions = [
        (one, zero, zero), (zero, one, zero), (zero, zero, one),
        (zero, -z, y), (z, zero, -x), (-y, x, zero), (x, y, z),
    ]  # fmt: skip
    fields = np.stack([np.column_stack(motion).ravel() for motion in motions])
    weighted = fields * np.repeat(topology().rigidity.astype(np.float64), 3)
    return np.asarray(np.eye(mean.size) - weighted.T @ np.linalg.solve(weighted @ fields.T, fields))


GAUGE = gauge()


def principal(rows: F64, count: int) -> tuple[F64, F64]:
    """The first principal directions (count, V) of rows about 0, and their variances."""
    _, s, vt = np.linalg.svd(rows.T @ rows / len(rows), hermitian=True)
    return vt[:count], s[:count]


def both_sides(rows: F64) -> F64:
    return np.concatenate([rows, flip(rows)])


class Learner:
    """The state between rounds."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.used = ~data.held & data.videoed
        self.heads, self.rotations = into_head(data.landmarks, topology().mean.astype(np.float64))
        self.pose = np.zeros((5, self.heads.shape[1]))
        self.named = np.zeros((len(CONTROLS), self.heads.shape[1]))
        self.unit: F64 | None = None
        self.model: FaceModel | None = None

    def round(self) -> None:
        data, used = self.data, self.used
        terms = pose_terms(self.rotations)
        neutral = neutral_frames(self.heads - terms @ self.pose, data)
        if self.model is not None:
            once = np.flatnonzero(~data.videoed)
            fit = fit_landmarks(data.landmarks[once], data.sizes[once], self.model)
            # Half of a photograph's expression may be its person's face at rest.
            moved = 0.7 * fit.named @ self.model.named
            neutral[data.person[once]] = (self.heads - terms @ self.pose)[once] - moved
        deviation = self.heads - neutral[data.person]
        if self.unit is None:
            measured = (deviation - terms @ self.pose)[used] @ MEASURES.T
            unit = np.maximum(np.percentile(np.maximum(measured, 0), 99.3, axis=0), 1e-3)
            self.unit = (unit + unit[PARTNERS]) / 2
        self._shapes(deviation[used], terms[used], data.weight[used])
        self.model = self._assemble(neutral, terms)
        fit = fit_landmarks(data.landmarks, data.sizes, self.model)
        shape = self.model.shape(fit.identity, fit.expression, fit.rotation)
        self.heads, self.rotations = into_head(data.landmarks, shape)

    def _shapes(self, deviation: F64, terms: F64, weight: F64) -> None:
        """Controls and pose distortion from deviations (N, V) of videoed people."""
        assert self.unit is not None
        measures = MEASURES / self.unit[:, None]
        active = np.clip((deviation - terms @ self.pose) @ measures.T, 0, 1)
        features = np.concatenate(
            [
                np.column_stack([active, terms]),
                np.column_stack([active[:, PARTNERS], terms * FLIP]),
            ]
        )
        values, weight = both_sides(deviation), np.concatenate([weight, weight])
        k = len(CONTROLS)
        ridge = np.full(features.shape[1], 1e-6 * len(features))
        ridge[:k] = 0.15 * (features[:, :k] ** 2 * weight[:, None]).sum(0)
        found = regress(features, values, weight, ridge, np.zeros((len(ridge), values.shape[1])))
        self.pose = found[k:] @ GAUGE
        first = local(found[:k])
        # A coefficient of 1 moves its own measure by one unit.
        first = local(first / np.clip((first * measures).sum(1), 0.3, None)[:, None])
        named, noise = first, 0.012**2
        straight = values - features[:, k:] @ self.pose
        for _ in range(3):
            gram = named @ named.T / noise + 0.5 * np.eye(k)
            amount = box_fit(straight @ named.T / noise - 0.6, gram)
            ridge = 3.0 * (amount**2 * weight[:, None]).sum(0) + 1
            named = local(regress(amount, straight, weight, ridge, first))
        self.named = named @ GAUGE

    def _assemble(self, neutral: F64, terms: F64) -> FaceModel:
        """Identity, read-outs and residual around the controls."""
        data, named = self.data, self.named
        people = np.unique(data.person[~data.held])
        mean = neutral[people].mean(0)
        mean = (mean + flip(mean[None])[0]) / 2
        straight = self.heads - terms @ self.pose
        basis, variance = principal(both_sides(neutral[people] - mean), N_IDENTITY)
        # One person over time.
        root = np.sqrt(np.concatenate([data.weight[self.used]] * 2))[:, None]
        within = both_sides((straight - neutral[data.person])[self.used]) * root
        directions, spread = principal(within, NOISE_RANK)
        floor = ((within - within @ directions.T @ directions) ** 2).mean(0) + 0.003**2
        # The controls count as noise without bounds: no expression may pass for an identity.
        noise = np.linalg.inv(
            (directions.T * spread) @ directions + np.diag(floor) + BLIND * named.T @ named
        )
        scaled = np.sqrt(variance)[:, None] * basis
        evidence, turn = np.linalg.eigh(scaled @ noise @ scaled.T)
        evidence, turn = evidence[::-1], turn[:, ::-1]
        identity = turn.T @ scaled @ GAUGE
        # Unbiased: a shape made of identity coefficients is read as these.
        identity_readout = GAUGE @ (noise @ identity.T)
        identity_readout = identity_readout @ np.linalg.inv(identity @ identity_readout)
        known = (straight - mean) @ identity_readout
        left = straight - mean - known @ identity
        at_rest = (neutral[people] - mean) - (neutral[people] - mean) @ identity_readout @ identity
        unknown, spread_unknown = principal(both_sides(at_rest), UNKNOWN_RANK)
        # The residual and the controls, in two turns.
        residual, amount = np.zeros((0, left.shape[1])), np.zeros((len(left), len(CONTROLS)))
        spread = np.zeros(0)
        root = np.sqrt(data.weight[~data.held])[:, None]
        for _ in range(2):
            rest = both_sides((left - amount @ named)[~data.held] * root)
            residual, spread = principal(rest, N_RESIDUAL)
            floor = ((rest - rest @ residual.T @ residual) ** 2).mean(0)
            floor = np.maximum((floor + np.abs(flip(floor[None])[0])) / 2, 0.003**2)
            weights = np.linalg.inv(np.diag(floor) + (residual.T * spread) @ residual)
            # Names first: what a control can explain is not left to the residual. But what people
            # differ in beyond their identity coefficients must not pass for expression.
            floor = np.maximum((rest**2).mean(0), 0.008**2) / TRUST
            noise = np.linalg.inv(np.diag(floor) + (unknown.T * spread_unknown) @ unknown)
            pull = GAUGE @ (noise @ named.T)
            gram = named @ pull + np.eye(len(CONTROLS)) / CONTROL_SPREAD**2
            amount = box_fit(left @ pull, gram)
        scale = np.sqrt(spread)
        rest_readout = weights @ residual.T * scale  # in standard deviations
        rest_readout = GAUGE @ rest_readout
        residual = residual * scale[:, None] @ GAUGE
        # Nor may what is left over; the little of it that is read as identity is taken out.
        residual = residual - residual @ identity_readout @ identity
        leak = named @ rest_readout
        person = data.person[self.used]
        moving = []
        for mirror in (False, True):
            seen_left = flip(left[self.used]) if mirror else left[self.used]
            controls = amount[self.used][:, PARTNERS] if mirror else amount[self.used]
            shown = np.concatenate([controls, seen_left @ rest_readout - controls @ leak], axis=1)
            for p in np.unique(person):
                shown[person == p] -= shown[person == p].mean(0)
            moving.append(shown)
        k, both_ways = len(CONTROLS), np.concatenate(moving)
        often = np.concatenate([data.weight[self.used]] * 2)[:, None]
        covariance = (both_ways * often).T @ both_ways / often.sum()
        inverse = np.linalg.inv(covariance + RIPPLE * np.eye(len(covariance)))
        distance = np.sqrt((both_ways @ inverse * both_ways).sum(1))
        resting = box_fit(at_rest @ pull, gram)
        rest = np.concatenate([resting, at_rest @ rest_readout - resting @ leak], axis=1).mean(0)
        rest[:k] = (rest[:k] + rest[:k][PARTNERS]) / 2
        # Of people whose rest is known: how far a control seen once is theirs at rest.
        known_rest = resting[np.isin(people, np.unique(person))]
        lasting = known_rest.var(0) + known_rest.var(0)[PARTNERS]
        passing = 2 * np.diag(covariance)[:k]
        rest_share = lasting / (lasting + passing)
        learned: dict[str, Any] = dict(  # noqa: C408 # mostly in double precision until packed
            mean=mean.reshape(-1, 3).astype(np.float32),
            identity=identity,
            named=named,
            residual=residual,
            pose=self.pose,
            identity_readout=identity_readout,
            expression_readout=np.concatenate([pull, rest_readout], axis=1),
            gram=gram,
            leak=leak,
            rigidity=topology().rigidity,
            covariance=covariance,
            identity_evidence=evidence,
            rest=rest,
            rest_share=rest_share,
            extent=np.percentile(distance, [98, 99.9]),
            seen=np.zeros(k, np.float32),
            source_sha256=data.digest,
            held_out=np.unique(data.person[data.held]).astype(np.int16),
        )
        return unpack(pack(FaceModel(**learned)))


def seen(model: FaceModel, data: Data, heads: F64, rotations: F64) -> NDArray[np.float32]:
    """How well each control is told from one frame alone, of people never seen.

    Pearson's correlation between a control's own measure against the person's neutral, and the
    coefficient the fit finds without knowing the person; sides together, at least 0.
    """
    mine = data.held & data.videoed
    straight = heads - pose_terms(rotations) @ model.pose
    neutral = neutral_frames(straight, data)
    measured = np.maximum((straight - neutral[data.person])[mine] @ MEASURES.T, 0)
    found = fit_landmarks(data.landmarks[mine], data.sizes[mine], model).named
    person = data.person[mine]
    own = np.array(
        [
            np.mean(
                [
                    np.corrcoef(measured[person == p, k], found[person == p, k])[0, 1]
                    if np.ptp(found[person == p, k]) > 1e-4
                    else 0.0
                    for p in np.unique(person)
                ]
            )
            for k in range(len(CONTROLS))
        ]
    )
    return np.asarray(np.maximum((own + own[PARTNERS]) / 2, 0), np.float32)


def figures(model: FaceModel, data: Data) -> None:
    """Print reconstruction and drift for people the model has never seen."""
    fit = fit_landmarks(data.landmarks, data.sizes, model)
    error = np.linalg.norm(fit.landmarks(model) - data.landmarks, axis=2).mean(1)
    percent = 100 * error / fit.scale[:, 0]
    for name, mine in (("learned from", ~data.held), ("held out", data.held)):
        per_person = [
            percent[mine & (data.person == p)].mean() for p in np.unique(data.person[mine])
        ]
        print(f"{name}: error {np.mean(per_person):.3f} % of the inter-ocular distance,", end=" ")
        print(f"p95 over frames {np.percentile(percent[mine], 95):.3f} %", end=", ")
        people = [
            fit.identity[mine & (data.person == p)].mean(0) for p in np.unique(data.person[mine])
        ]
        between = np.var(people, axis=0).sum()
        within = [
            fit.identity[frames].var(0).sum() / between
            for c in np.unique(data.clip[mine & data.videoed])
            for frames in [mine & (data.clip == c)]
        ]
        print(f"identity drift of single frames {np.mean(within):.3f}")
    print("seen:", {c.name: round(float(s), 2) for c, s in zip(CONTROLS, model.seen, strict=True)})


def main(source: Path, destination: Path) -> None:
    data = read(source)
    learner = Learner(data)
    for n in range(ROUNDS):
        learner.round()
        print(f"round {n + 1} of {ROUNDS}")
    assert learner.model is not None
    arrays = pack(learner.model)
    arrays["seen"] = seen(learner.model, data, learner.heads, learner.rotations)
    np.savez_compressed(destination, **arrays)  # type: ignore[arg-type] # no array is `allow_pickle`
    print(f"{destination.stat().st_size} bytes from {data.digest[:12]}")
    figures(unpack(arrays), data)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
