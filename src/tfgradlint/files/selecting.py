"""What is reported of a file's findings: those that are selected, and that no comment silences."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING

from tfgradlint.analysis.results import Analysis, Finding
from tfgradlint.settings.codes import UNUSED_NOQA
from tfgradlint.settings.settings import Settings

if TYPE_CHECKING:
    from tfgradlint.project.resolver import Project


def selected(
    path: str, text: str, analysis: Analysis, settings: Settings, judged: Container[str] = ()
) -> list[Finding]:
    """The findings to report, and one more for each needless comment where they are wanted.

    ``judged`` are the real paths of the files that are judged with it.
    """
    findings = analysis.reportable
    if settings.reports(UNUSED_NOQA, path) and "noqa" in text.lower():
        from tfgradlint.project.resolver import Project

        project = Project(path, settings.sources, settings.follow)
        silenced = [*findings, *analysis.told]
        findings = [
            *findings,
            *unused(project, text, silenced, lambda code: settings.reports(code, path), judged),
        ]
    return [each for each in without_noqa(path, text, findings) if settings.reports(each.code, path)]


def unused(
    project: Project,
    text: str,
    findings: Sequence[Finding],
    wanted: Callable[[str], bool],
    judged: Container[str] = (),
) -> list[Finding]:
    """A finding for each comment that silences none of these, nor what another file may lead to in this one."""
    from tfgradlint.files.noqa import NoqaComments
    from tfgradlint.project.importers import imported_by_others

    found = NoqaComments(project.path, text).unused(findings, wanted)
    return [] if found and imported_by_others(project, judged) else found


def without_noqa(path: str, text: str, findings: Sequence[Finding]) -> list[Finding]:
    """The findings that no ``# noqa`` comment in the text silences. flake8 itself is the judge."""
    if not findings or "noqa" not in text.lower():
        return list(findings)
    from tfgradlint.files.noqa import NoqaComments

    comments = NoqaComments(path, text)
    return [] if comments.whole_file() else [finding for finding in findings if not comments.silences(finding)]
