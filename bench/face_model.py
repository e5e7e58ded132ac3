"""How the morphable model fits people it was not learned from, and keeps who from what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench import data
from bench.figures import Figure, figure
from gateway.arrays import F64, AnyFloat
from gateway.faces.morphable.fit import Fit, fit_landmarks
from gateway.faces.morphable.model import N_NAMED, FaceModel, face_model
from gateway.faces.morphable.person import Person

Numbers = NDArray[np.int64]
"""Of persons or clips (N,)."""


def fitting() -> dict[str, Figure]:
    """Return how the model fits people it was not learned from."""
    read = data.meshes()
    if read is None:
        print(f"{data.MESHES.name} is not there: the model's own figures are left out")
        return {}
    landmarks, sizes, person, clip = read
    model = face_model()
    held = np.isin(person, model.held_out)
    landmarks, sizes, person, clip = landmarks[held], sizes[held], person[held], clip[held]
    fit = fit_landmarks(landmarks, sizes)
    out = {
        "fit_error_iod_pct_mean": figure(
            by_person(error_pct(landmarks, fit), person),
            "%",
            f"reconstruction of {len(np.unique(person))} held-out people, mean over landmarks",
            "≤ 1.2",
        ),
        "fit_error_iod_pct_p95": figure(
            [float(np.percentile(error_pct(landmarks, fit), 95))], "%", "95 % of their frames"
        ),
    }
    for identity, residual in ((8, 0), (12, 8), (18, 20), (24, 40)):
        part = truncated(model, identity, residual)
        fewer = fit_landmarks(landmarks, sizes, part)
        out[f"fit_error_iod_pct_mean_{identity}_{N_NAMED}_{residual}"] = figure(
            by_person(error_pct(landmarks, fewer, part), person),
            "%",
            f"with {identity} identity and {residual} residual components",
        )
    return out | drift(landmarks, sizes, fit, person, clip) | leak(fit, sizes, person)


def error_pct(landmarks: F64, fit: Fit, model: FaceModel | None = None) -> F64:
    """Return the mean distance of landmarks (N, 478, 3) from the fit, % of the eyes' distance."""
    off = np.linalg.norm(fit.landmarks(model) - landmarks, axis=2).mean(1)
    return np.asarray(100 * off / fit.scale[:, 0])


def by_person(values: AnyFloat, person: Numbers) -> list[float]:
    return [float(values[person == p].mean()) for p in np.unique(person)]


def truncated(model: FaceModel, identity: int, residual: int) -> FaceModel:
    return replace(
        model,
        identity=model.identity[:identity],
        identity_readout=model.identity_readout[:, :identity],
        residual=model.residual[:residual],
        expression_readout=model.expression_readout[:, : N_NAMED + residual],
        leak=model.leak[:, :residual],
    )


def drift(
    landmarks: F64, sizes: F64, fit: Fit, person: Numbers, clip: Numbers
) -> dict[str, Figure]:
    """Return how identity wanders over the clips of one person, against people's differences."""
    videoed = [c for c in np.unique(clip) if len(np.unique(person[clip == c])) == 1]
    videoed = [c for c in videoed if (clip == c).sum() >= 10]
    between = np.var([fit.identity[person == p].mean(0) for p in np.unique(person)], axis=0).sum()
    single, running = [], []
    for c in videoed:
        frames = np.flatnonzero(clip == c)
        single.append(float(fit.identity[frames].var(0).sum() / between))
        known, seen = Person.nobody(), []
        for n in frames:
            known = known.seen_in(landmarks[n : n + 1], sizes[n : n + 1], fit.of(int(n)))
            seen.append(known.identity)
        running.append(float(np.var(seen, axis=0).sum() / between))
    what = f"variance of identity over a clip ÷ over people, {len(videoed)} clips"
    return {
        "identity_drift_ratio": figure(running, "", f"{what}, running estimate", "≤ 0.10"),
        "identity_drift_single_frame_ratio": figure(single, "", f"{what}, each frame by itself"),
    }


def leak(fit: Fit, sizes: F64, person: Numbers) -> dict[str, Figure]:
    """Return how identity changes when another person's expression is put on and fitted again."""
    model, rng = face_model(), np.random.default_rng(0)
    mine = rng.permutation(len(person))[:300]
    other = rng.permutation(len(person))[:300]

    def again(expression: AnyFloat) -> AnyFloat:
        shown = replace(
            Fit(*(getattr(fit.of(0), f)[:0] for f in fit.__dataclass_fields__)),
            identity=fit.identity[mine],
            expression=expression,
            rotation=fit.rotation[mine],
            translation=fit.translation[mine],
            scale=fit.scale[mine],
        )
        return fit_landmarks(shown.landmarks(model), sizes[mine]).identity

    change = again(fit.expression[other]) - again(fit.expression[mine])
    spread = np.sqrt(fit.identity.var(0).sum())
    values = 100 * np.linalg.norm(change, axis=1) / spread
    what = "change of identity when expressions are swapped, % of people's spread"
    return {"expression_leak_pct": figure(values.tolist(), "%", what, "≤ 5")}
