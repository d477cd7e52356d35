"""A plugin of pytest: with ``--tfgradlint`` a test fails where a request gave None or NaN that it did not expect.

A test that does expect it says so: ``@pytest.mark.gradient(allow=("none", "nonfinite"))``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tfgradlint.confirm.observations import Asked
    from tfgradlint.confirm.recording import Recording

#: What a request must not give, unless the test allows it.
_FAILING = ("none", "nonfinite")
_WORDS = {"none": "None", "nonfinite": "NaN or infinite"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--tfgradlint``."""
    group = parser.getgroup("tfgradlint")
    group.addoption("--tfgradlint", action="store_true", help="fail where a request for gradients gives None or NaN")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record, if that is asked for."""
    config.addinivalue_line("markers", "gradient(allow): what requests may give here: 'none', 'nonfinite' or both")
    if config.getoption("--tfgradlint"):
        from tfgradlint.confirm.own import OwnFiles
        from tfgradlint.confirm.recording import Recording

        recording = Recording(OwnFiles())
        recording.install()
        config.pluginmanager.register(_Requests(recording), "tfgradlint-requests")


class _Requests:
    """Looks at the requests of each test."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Fail the test that passed, where a request gave what it did not expect."""
        self._recording.taken()  # what fixtures asked for is theirs
        result = yield
        allowed = _allowed(item)
        root = str(item.config.rootpath)
        lost = [line for asked in self._recording.taken() for line in _told(asked, allowed, root)]
        if lost:
            pytest.fail("\n".join(lost), pytrace=False)
        return result


def _allowed(item: pytest.Item) -> frozenset[str]:
    words: set[str] = set()
    for mark in item.iter_markers("gradient"):
        allow = mark.kwargs.get("allow", ())
        words.update([allow] if isinstance(allow, str) else allow)
    unknown = words.difference(_FAILING)
    if unknown:
        raise pytest.UsageError(f"gradient(allow=...): {sorted(unknown)[0]!r} is none of {', '.join(_FAILING)}")
    return frozenset(words)


def _told(asked: Asked, allowed: frozenset[str], root: str) -> Iterator[str]:
    from tfgradlint.confirm.places import how, relative

    path, line, _, call = asked.key
    width = max(len(words) for words, _ in asked.seen)
    for word in _FAILING:
        places = sorted({place for words, _ in asked.seen for place, each in enumerate(words) if each == word})
        if not places or word in allowed:
            continue
        which = f"source {places[0] + 1}" if len(places) == 1 else f"{len(places)} sources"
        of = f" for {which} of {width}" if width > 1 else ""
        yield f"{relative(path, root)}:{line}: {call} is {_WORDS[word]}{of}"
        for lost in asked.lost:
            if lost.word == word:
                yield f"    {how(lost, f'{relative(lost.file, root)}:{lost.line}')}"
