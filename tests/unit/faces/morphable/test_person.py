"""What becomes known of somebody, frame by frame."""

import numpy as np
import pytest

from gateway.faces.morphable.controls import INDEX
from gateway.faces.morphable.model import face_model
from gateway.faces.morphable.person import MOST_FRAMES, Person
from tests import tolerances
from tests.synthetic_faces import SIZE_WH, fit_of, landmarks_of, somebody
from tests.unit.faces.morphable.test_fit import FIELDS, noise, off_by

JAW, SMILE = INDEX["jawOpen"], INDEX["mouthSmileLeft"]


def sizes(count: int) -> np.ndarray:
    return np.array([SIZE_WH] * count)


def frames_of(seed: int, count: int, sigma: float = 0.02) -> np.ndarray:
    """Return landmarks (count, 478, 3) of somebody who talks and looks around."""
    rng = np.random.default_rng(seed)
    return np.stack(
        [
            landmarks_of(somebody(seed), {"jawOpen": rng.random() / 2}, yaw=rng.normal(0, 15))
            + noise(sigma, 100 * seed + n)
            for n in range(count)
        ]
    )


def known_from(frames: np.ndarray) -> Person:
    return Person.of(frames, sizes(len(frames)), fit_of(*frames))


def test_nobody_is_the_average_person():
    nobody, model = Person.nobody(), face_model()
    assert (nobody.frames, nobody.weight) == (0, 0)
    assert (nobody.identity == 0).all()
    assert (nobody.bare == model.mean).all()
    assert (nobody.rest == model.rest).all()
    frames = frames_of(1, 2)
    fit = nobody.fit(frames, sizes(2))
    assert (fit.identity == 0).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_more_frames_the_nearer_to_the_truth(seed):
    frames = frames_of(seed, 64)
    people = [known_from(frames[:count]) for count in (1, 4, 16, 64)]
    off = np.array([np.linalg.norm(person.identity - somebody(seed)) for person in people])
    assert (off[1:] < 0.8 * off[:-1]).all()
    face = face_model().shape(somebody(seed), np.zeros_like(face_model().rest))
    bare = np.array([np.linalg.norm(person.bare - face) for person in people])
    assert (bare[1:] < 0.8 * bare[:-1]).all()


def test_few_frames_say_less_than_their_mean():
    few, many = (known_from(frames_of(1, count)) for count in (1, 40))
    for person in (few, many):
        assert (np.abs(person.identity) <= np.abs(person.mean)).all()
    share = [np.linalg.norm(p.identity) / np.linalg.norm(p.mean) for p in (few, many)]
    assert share[0] < share[1] < 1
    assert 1 == few.weight < many.weight < 40


def test_frame_by_frame_is_all_at_once():
    frames = frames_of(1, 9)
    fit, running = fit_of(*frames), Person.nobody()
    for n in range(9):
        running = running.seen_in(frames[n : n + 1], sizes(1), fit.of(n))
    at_once = known_from(frames)
    assert running.frames == at_once.frames == 9
    for name in ("mean", "bare", "identity"):
        difference = np.abs(getattr(running, name) - getattr(at_once, name))
        assert difference.max() < tolerances.FIT_POSE, name


def test_the_mean_is_the_mean():
    frames = frames_of(1, 6)
    difference = known_from(frames).mean - fit_of(*frames).identity.mean(0)
    assert np.abs(difference).max() < tolerances.FIT_POSE


def test_a_long_video_takes_no_more_memory():
    frames, person = frames_of(1, 100), Person.nobody()
    for _ in range(4):
        person = person.seen_in(frames, sizes(100), fit_of(*frames))
        assert person.shown.shape == (min(person.frames, MOST_FRAMES), len(face_model().rest))
    assert person.frames == 400
    assert all(a.dtype == np.float32 for a in (person.mean, person.bare, person.shown))


def test_what_was_known_before_is_not_changed():
    nobody = Person.nobody()
    nobody.seen_in(frames_of(1, 1), sizes(1), fit_of(*frames_of(1, 1)))
    assert nobody.frames == len(nobody.shown) == 0
    assert (nobody.bare == face_model().mean).all()


def test_knowing_the_person_the_fit_shows_the_frames():
    frames = frames_of(1, 8, sigma=0)
    person = known_from(frames)
    fit = person.fit(frames, sizes(8))
    assert fit.residual.max() < tolerances.MADE_LANDMARKS
    assert off_by(fit, frames).mean() < tolerances.MADE_LANDMARKS
    assert (fit.identity == person.identity).all()
    assert {getattr(fit, name).dtype for name in FIELDS} == {np.dtype(np.float32)}


def test_rest_comes_near_what_is_shown_least():
    # Somebody whose mouth is never quite shut.
    frames = np.stack([landmarks_of(None, {"jawOpen": a}) for a in np.linspace(0.3, 0.9, 60)])
    people = [known_from(frames[:: 60 // count]) for count in (1, 6, 60)]
    rest = np.array([person.rest[JAW] for person in people])
    least = np.quantile(people[-1].shown[:, JAW], 0.2)
    assert (np.diff(rest) > 0).all()
    assert 0.5 * least < rest[-1] < least


def test_rest_is_not_what_was_shown_once():
    often, once = landmarks_of(), landmarks_of(None, {"mouthSmileLeft": 1})
    person = known_from(np.stack([often] * 20 + [once]))
    assert person.shown[-1, SMILE] > 0.5
    assert person.rest[SMILE] < 0.1
