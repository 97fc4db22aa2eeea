"""The one exam that every connector sits, and the proof that it can be failed."""

from contextlib import ExitStack
from typing import get_args

import pytest

pytest.register_assert_rewrite("exam", "exam_cases", "exam_faults")

import exam_cases  # noqa: E402, F401 - entering its cases
import exam_faults  # noqa: E402, F401
from connector_stands import STANDS  # noqa: E402
from exam import CASES, SETTINGS, Case  # noqa: E402

from connectors import REGISTRY  # noqa: E402
from connectors.base import Capability  # noqa: E402

SITTINGS = [
    pytest.param(kind, case, id=f"{kind}-{case.name}")
    for kind in sorted(REGISTRY)
    for case in CASES
    if case.is_for(kind)
]


@pytest.fixture
def stack():
    with ExitStack() as opened:
        yield opened


@pytest.mark.parametrize(("kind", "case"), SITTINGS)
def test_exam(kind: str, case: Case, tmp_path, stack):
    case.run(STANDS[kind](tmp_path, stack))


def test_every_kind_of_source_has_settings_a_connector_and_a_stand():
    assert REGISTRY.keys() == SETTINGS.keys() == STANDS.keys()


def test_every_case_is_sat_by_a_connector_and_every_capability_has_a_case():
    assert {case.name for case in CASES} == {sitting.values[1].name for sitting in SITTINGS}
    assert set().union(*(case.needs for case in CASES)) == set(get_args(Capability))
    assert len({case.name for case in CASES}) == len(CASES)
