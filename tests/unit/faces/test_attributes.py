"""Who is meant, by what they look like."""

import pytest

from gateway.faces.attributes import AttributeFilter, FaceAttributes
from gateway.networks.fairface import AGES

ANN = FaceAttributes("female", "asian", 30, 39)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({}, True),
        ({"gender": "female"}, True),
        ({"gender": "male"}, False),
        ({"race": "asian", "gender": "female"}, True),
        ({"race": "white", "gender": "female"}, False),
        ({"min_age": 39}, True),
        ({"min_age": 40}, False),
        ({"max_age": 30}, True),
        ({"max_age": 29}, False),
        ({"min_age": 34, "max_age": 34}, True),
    ],
)
def test_all_that_is_asked_for_must_fit(wanted, fits):
    assert AttributeFilter(**wanted).fits(ANN) == fits


def test_every_age_belongs_to_one_class():
    years = [year for first, last in AGES for year in range(first, last + 1)]
    assert years == list(range(121))


@pytest.mark.parametrize("age", range(101))
def test_every_age_alone_fits_somebody(age):
    wanted = AttributeFilter(min_age=age, max_age=age)
    assert sum(wanted.fits(FaceAttributes("male", "white", *years)) for years in AGES) == 1
