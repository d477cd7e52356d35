"""Steps that go wrong by themselves: reported once, in order; what is tried out is collected first."""

from __future__ import annotations

import libcst as cst
import pytest

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.verdict.judgements import Reason
from tfgradlint.flow.verdict.reports import Reports

REQUEST = Site(None, cst.Name("fit"))


def reason(detail: str) -> Reason:
    return Reason(Cause.FROZEN, Site(None, None), detail)


def details(reports: Reports) -> list[str]:
    return [step.reason.detail for step in reports.steps]


def test_what_is_collected_is_not_reported() -> None:
    reports = Reports()
    reports.add_step(reason("before"))
    with reports.collecting() as tried:
        reports.add_step(reason("inside"))
    reports.add_step(reason("after"))
    assert details(reports) == ["before", "after"]
    assert [step.reason.detail for step in tried] == ["inside"]


def test_who_tries_decides_what_is_reported() -> None:
    reports = Reports()
    with reports.collecting() as tried:
        reports.add_step(reason("kept"))
        reports.add_step(reason("dropped"))
    reports.add_step(tried[0].reason, REQUEST)
    assert [(step.reason.detail, step.affected_request) for step in reports.steps] == [("kept", REQUEST)]


def test_collections_nest() -> None:
    reports = Reports()
    with reports.collecting() as outer:
        reports.add_step(reason("one"))
        with reports.collecting() as inner:
            reports.add_step(reason("two"))
        reports.add_steps(inner)
        reports.add_step(reason("three"))
    assert details(reports) == []
    reports.add_steps(outer)
    assert details(reports) == ["one", "two", "three"]


def test_nothing_is_lost_where_an_exception_ends_it() -> None:
    reports = Reports()

    def tries() -> None:
        with reports.collecting(), reports.collecting():
            reports.add_step(reason("inside"))
            raise RecursionError

    with pytest.raises(RecursionError):
        tries()
    reports.add_step(reason("after"))
    assert details(reports) == ["inside", "after"]
