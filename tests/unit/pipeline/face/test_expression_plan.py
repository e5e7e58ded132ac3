"""Which expression a face is to show, and which pictures show it."""

import numpy as np
import pytest

from gateway.faces.morphable.controls import INDEX
from gateway.faces.morphable.expression import ALL_REGIONS, ExpressionRegion, named, rest_of
from gateway.faces.morphable.model import N_NAMED
from gateway.faces.morphable.performance import openings_of
from gateway.pipeline.face.expression_plan import plan_expression, reads_expressions
from gateway.pipeline.options.swap import parse_options
from gateway.processors.base import Portrait
from gateway.processors.openings import InpaintingSource
from gateway.storage.expressions import LibraryEntry
from tests import tolerances
from tests.unit.pipeline.people import SHAPE, face_of, person

ANN, BOB = person(0), person(3)
SMILES = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9}
GAPES = {"jawOpen": 0.9, "mouthFunnel": 0.6}
FROWNS = {"browDownLeft": 0.9, "browDownRight": 0.9}
LIBRARY_ID = "exp_" + "0" * 32
BOTH = ["face_swapper", "expression_restorer"]
ALONE = ["expression_restorer"]


def picture(level: int = 128) -> np.ndarray:
    return np.full((*SHAPE, 3), level, np.uint8)


def portrait(does: dict[str, float] | None = None, who=BOB) -> Portrait:
    return Portrait(picture(), face_of(who, does))


def entry(does: dict[str, float] | None = None, who=BOB) -> LibraryEntry:
    face = face_of(who, does)
    return LibraryEntry(face.expression, face.landmarks, picture(90), 0.9)


TARGET, FACE = picture(200), face_of(ANN, FROWNS)
LIBRARY = [entry(does) for does in ({}, SMILES, GAPES, FROWNS)]


def wished(portraits=None, library=(), *, face=FACE, last=None, **options):
    portraits = [portrait(SMILES), portrait(GAPES)] if portraits is None else portraits
    return plan_expression(TARGET, face, portraits, library, parse_options(options), last)


def departure(performance, face=FACE) -> np.ndarray:
    """Return how far the named controls are from the face's own rest (K,)."""
    return (performance.expression - face.rest)[:N_NAMED]


# When expressions are read


@pytest.mark.parametrize(
    ("options", "reads"),
    [
        ({}, False),
        ({"expression": "target", "expression_factor": 1.0}, False),
        ({"expression_factor": 0.5}, True),
        ({"expression": "source"}, True),
        ({"expression": LIBRARY_ID}, True),
        ({"expression": {"jawOpen": 0.5}}, True),
        ({"processors": BOTH}, True),
        ({"processors": ALONE}, True),
    ],
)
def test_expressions_are_read_only_where_they_count(options, reads):
    assert reads_expressions(parse_options(options)) == reads


# The target's own


@pytest.mark.parametrize("processors", [["face_swapper"], BOTH])
def test_the_target_s_own_expression_needs_nothing(processors):
    found = wished(processors=processors)
    assert found.performance is None
    assert found.reference is None


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.7])
def test_the_target_s_own_expression_can_be_weaker_or_stronger(factor):
    performance = wished(expression_factor=factor).performance
    own = (FACE.expression - FACE.rest)[:N_NAMED]
    brow = INDEX["browDownLeft"]
    assert departure(performance)[brow] == pytest.approx(factor * own[brow], abs=0.1)
    assert performance.openings.lips == pytest.approx(
        factor * openings_of(FACE.landmarks, FACE.fit).lips
    )
    assert performance.seen_in.kind is InpaintingSource.TARGET
    assert performance.seen_in.image is TARGET


@pytest.mark.parametrize("kind", ["source", LIBRARY_ID])
def test_lips_are_apart_by_the_factor(kind):
    once, half = (
        wished(
            [portrait(GAPES)], LIBRARY[2:3], expression=kind, expression_factor=factor
        ).performance.openings.lips
        for factor in (1, 0.5)
    )
    assert once.max() > 0.05
    assert half == pytest.approx(0.5 * once)


def test_factor_0_is_rest():
    for options in ({}, {"expression": "source"}, {"expression": {"jawOpen": 0.7}}):
        performance = wished(expression_factor=0, **options).performance
        assert performance.expression == pytest.approx(FACE.rest, abs=1e-6)


# The source's


def test_with_source_the_first_one_s_expression_counts():
    performance = wished(expression="source").performance
    strongest = np.argsort(departure(performance))[-2:]
    assert {int(k) for k in strongest} == {INDEX[name] for name in SMILES}
    assert performance.openings.lips == pytest.approx(
        openings_of(portrait(SMILES).face.landmarks, portrait(SMILES).face.fit).lips
    )


def test_it_is_the_difference_from_the_source_s_own_rest_that_counts():
    portraits = [portrait(SMILES)] * 20  # who smiles always rests smiling
    once, always = (
        departure(wished(p, expression="source").performance)[INDEX["mouthSmileLeft"]]
        for p in (portraits[:1], portraits)
    )
    assert always < 0.6 * once


def test_a_picture_s_own_expression_comes_back_as_it_is():
    source = Portrait(TARGET, FACE)
    performance = wished([source], expression="source").performance
    assert performance.expression == pytest.approx(FACE.expression, abs=0.02)


def test_donors_are_all_pictures_the_one_that_shows_it_first():
    portraits, library = [portrait(SMILES), portrait(GAPES)], LIBRARY[:2]
    donors = wished(portraits, library, expression="source").performance.donors
    assert [d.kind for d in donors] == [InpaintingSource.SOURCE] * 2 + [
        InpaintingSource.LIBRARY
    ] * 2
    assert donors[0].image is portraits[0].image
    assert (donors[0].landmarks == portraits[0].face.landmarks).all()
    lent = wished(portraits, library, expression=LIBRARY_ID).performance.donors
    assert [d.kind for d in lent].count(InpaintingSource.LIBRARY) == 2
    assert lent[0].kind is InpaintingSource.LIBRARY
    assert len(lent) == 4


@pytest.mark.parametrize("kind", ["target", "source"])
def test_by_itself_the_restorer_takes_the_source_s_expression(kind):
    alone = wished(expression=kind, processors=ALONE).performance
    source = wished(expression="source", processors=BOTH).performance
    assert (alone.expression == source.expression).all()
    assert [d.kind for d in alone.donors] == [d.kind for d in source.donors]


@pytest.mark.parametrize(
    ("options", "folds"),
    [
        ({"processors": ALONE}, True),
        ({"processors": ALONE, "wrinkles": False}, False),
        ({"processors": BOTH}, False),  # the swapper brings them
        ({}, False),
    ],
)
def test_folds_are_carried_where_the_person_stays(options, folds):
    performance = wished(expression="source", **options).performance
    assert (performance.seen_in is not None) == folds


# A library's


@pytest.mark.parametrize(("does", "index"), [({}, 0), (SMILES, 1), (GAPES, 2), (FROWNS, 3)])
def test_the_library_s_best_match_is_shown(does, index):
    face = face_of(ANN, does)
    found = wished(library=LIBRARY, face=face, expression=LIBRARY_ID)
    assert found.reference == index
    assert found.performance.donors[0].kind is InpaintingSource.LIBRARY
    assert (found.performance.donors[0].landmarks == LIBRARY[index].landmarks).all()


def test_the_entry_is_shown_as_far_from_rest_as_it_is():
    face = face_of(ANN, GAPES)
    performance = wished(library=LIBRARY, face=face, expression=LIBRARY_ID).performance
    rest = rest_of(np.stack([e.expression for e in LIBRARY]))
    own = (LIBRARY[2].expression - rest)[INDEX["jawOpen"]]
    assert departure(performance, face)[INDEX["jawOpen"]] == pytest.approx(own, abs=0.05)
    assert performance.openings.lips.max() == pytest.approx(
        openings_of(LIBRARY[2].landmarks, face_of(BOB, GAPES).fit).lips.max(),
        abs=tolerances.MADE_LANDMARKS,
    )


def test_the_entry_of_the_moment_before_stays_while_it_fits():
    twins = [entry(SMILES), entry({**SMILES, "browInnerUp": 0.02})]
    face = face_of(ANN, SMILES)
    for last in (0, 1):
        assert wished(library=twins, face=face, expression=LIBRARY_ID, last=last).reference == last


# Coefficients


def test_named_coefficients_are_shown_and_the_rest_rests():
    wanted = {"jawOpen": 0.4, "mouthSmileLeft": 0.3}
    performance = wished(expression=wanted).performance
    shown = named(performance.expression)
    resting = named(FACE.rest)
    for name, value in shown.items():
        assert value == pytest.approx(wanted.get(name, resting[name]), abs=0.05), name
    assert performance.seen_in is None
    assert [d.kind for d in performance.donors] == [InpaintingSource.SOURCE] * 2


def test_coefficients_can_be_exaggerated_but_stay_within_their_ends():
    jaw = [
        wished(expression={"jawOpen": 0.6}, expression_factor=factor).performance.expression[
            INDEX["jawOpen"]
        ]
        for factor in (0.5, 1, 1.5, 2)
    ]
    assert (np.diff(jaw) > 0).all()
    assert jaw[-1] <= 1


@pytest.mark.parametrize("kind", ["target", "source", LIBRARY_ID, {"jawOpen": 0.5}])
def test_only_the_regions_asked_for(kind):
    for regions in (ALL_REGIONS, (ExpressionRegion.MOUTH, ExpressionRegion.GAZE)):
        options = {"expression": kind, "expression_factor": 0.9, "expression_regions": regions}
        assert wished(library=LIBRARY, **options).performance.regions == regions
