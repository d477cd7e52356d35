"""What is reported of a file's findings: those that are selected, and that no comment silences."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.analysis.results import Analysis, Finding
from tfgradlint.settings.codes import UNUSED_NOQA
from tfgradlint.settings.settings import Settings


def selected(path: str, text: str, analysis: Analysis, settings: Settings) -> list[Finding]:
    """The findings to report, and one more for each needless comment where they are wanted."""
    findings = analysis.reportable
    if settings.reports(UNUSED_NOQA, path) and "noqa" in text.lower():
        from tfgradlint.files.noqa import NoqaComments

        findings = [*findings, *NoqaComments(path, text).unused(findings, lambda code: settings.reports(code, path))]
    return [each for each in without_noqa(path, text, findings) if settings.reports(each.code, path)]


def without_noqa(path: str, text: str, findings: Sequence[Finding]) -> list[Finding]:
    """The findings that no ``# noqa`` comment in the text silences. flake8 itself is the judge."""
    if not findings or "noqa" not in text.lower():
        return list(findings)
    from tfgradlint.files.noqa import NoqaComments

    comments = NoqaComments(path, text)
    return [] if comments.whole_file() else [finding for finding in findings if not comments.silences(finding)]
