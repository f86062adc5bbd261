"""A small world of figures on the communes of the tests."""

import pytest

from maillage.territorial_diagnosis.loading.vintages import NewVintage, store
from maillage.territorial_diagnosis.queries.figures import area_of, definitions_of, diagnosis_of
from maillage.territorial_diagnosis.queries.places import Gazetteer
from tests.factories import NOON


@pytest.fixture
def places(communes):
    return Gazetteer.read()


@pytest.fixture
def put(places):
    """Store a vintage: put("apl_mg", "2023", {"24037": (33.9, 10.0)})."""

    def one(code, label, rows, **more):
        return store(NewVintage(code, label, "essai.csv", NOON, **more), rows, places)

    return one


@pytest.fixture
def figure(cpts):
    """One figure of the CPTS du Bergeracois."""

    def one(code):
        area = area_of(cpts, with_draft=True)
        return diagnosis_of(cpts, area, definitions_of(cpts), [code]).figures[code]

    return one
