"""What one search for many sources finds is what a search for each of them finds."""

from __future__ import annotations

import pytest
from programs import PROGRAMS

from tfgradlint.analysis.analysis import analyse
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.verdict import request_analysis
from tfgradlint.flow.verdict.request_analysis import RequestAnalysis

#: Programs with tapes, loops, branches and models.
FOLDERS = ("tfg103/", "tfg105/", "tfg4")


def test_it_finds_what_searches_for_one_find(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []
    searched = RequestAnalysis._bits_of

    def both(self: RequestAnalysis, source: Value) -> int:
        together = searched(self, source)  # type: ignore[arg-type]
        if id(source) in self._shared:
            shared, self._shared = self._shared, {}
            compared.append((together, searched(self, source)))  # type: ignore[arg-type]
            self._shared = shared
        return together

    monkeypatch.setattr(RequestAnalysis, "_bits_of", both)
    monkeypatch.setattr(request_analysis, "_SEVERAL", 1)
    for program in PROGRAMS.values():
        if program.name.startswith(FOLDERS):
            analyse(program.text)
    assert len(compared) > 200
    assert [pair for pair in compared if pair[0] != pair[1]] == []
