"""Whether other files of the project import a module: what they lead to in it, nobody sees who looks at it alone."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator

from tfgradlint.files import sources
from tfgradlint.project.closure import imported
from tfgradlint.project.resolver import LARGEST, Project, Resolver

#: So many files are looked into; a project that has more is taken to import everything.
_MOST = 2000


def imported_by_others(project: Project, seen: Container[str] = ()) -> bool:
    """Whether a file that is not among those ``seen``, by their real paths, may import this one."""
    resolver = Resolver(project)
    path = os.path.realpath(project.path)
    name = os.path.basename(path).removesuffix(".py")
    if name == "__init__":
        name = os.path.basename(os.path.dirname(path))
    mentioned = re.compile(rf"\b{re.escape(name)}\b")
    for number, other in enumerate(_files(resolver.roots)):
        if number > _MOST:
            return True
        real = os.path.realpath(other)
        if real == path or real in seen:
            continue
        text = _text(other)
        if mentioned.search(text) is None:
            continue
        if other.endswith(".ipynb") or "import_module" in text:
            return True
        theirs = Resolver(Project(other, project.sources, project.follow))
        if any(os.path.realpath(each) == path for each in imported(theirs, os.path.abspath(other), text)):
            return True
    return False


def _files(roots: tuple[str, ...]) -> Iterator[str]:
    met: set[str] = set()
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(each for each in folders if each not in sources.EXCLUDED)
            for name in sorted(names):
                path = os.path.join(folder, name)
                if name.endswith((".py", ".ipynb")) and path not in met:
                    met.add(path)
                    yield path


def _text(path: str) -> str:
    try:
        if not os.path.isfile(path) or os.stat(path).st_size > LARGEST:
            return ""
        return sources.read(path)
    except (OSError, sources.Unreadable):
        return ""
