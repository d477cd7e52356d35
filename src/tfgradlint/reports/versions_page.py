"""What changed between the versions of TensorFlow that were measured, as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tfgradlint.knowledge import Knowledge, load, versions
from tfgradlint.knowledge.differences import changes

_HEAD = """# Gradients that changed between versions of TensorFlow

Every function, method and operator that tfgradlint knows was measured under these versions, and the results were
compared: what `tape.gradient` gives for an output with respect to an argument, and what differentiating that again
gives. `flows` is a finite gradient that is not all zero, `none` is `None`. Names that are in one of two neighbours
only stand in the tables at the end.

{measured}
"""
_NOTHING = "No gradient changed."
#: Names of what stands under others already, or belongs to another library.
_NOT_LISTED = ("tf.compat.", "tf.keras.", "tf.losses.", "tf.metrics.", "numpy.", "math.", "builtins.", "copy.")


def page() -> str:
    """The whole page."""
    known = {version: load(versions.name(version)) for version in versions.available()}
    steps = list(zip(known, list(known)[1:], strict=False))
    measured = "\n".join(_row(_packages(data)) for data in reversed(known.values()))
    parts = [
        _HEAD.format(measured=f"| TensorFlow | Keras | NumPy |\n| --- | --- | --- |\n{measured}"),
    ]
    for old, new in reversed(steps):
        rows = list(_changed(known[old], known[new]))
        table = ["| name | what | before | after |", "| --- | --- | --- | --- |", *rows] if rows else [_NOTHING]
        parts.append(f"## From {versions.name(old)} to {versions.name(new)}\n\n" + "\n".join(table) + "\n")
    parts.append("## Names that came and went\n")
    for old, new in reversed(steps):
        rows = [
            *_present("new", known[new], known[old], _unmeasured(old)),
            *_present("gone", known[old], known[new], _unmeasured(new)),
        ]
        table = ["| | namespace | names |", "| --- | --- | --- |", *rows] if rows else ["No name came or went."]
        parts.append(f"### From {versions.name(old)} to {versions.name(new)}\n\n" + "\n".join(table) + "\n")
    return "\n".join(parts)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _packages(data: Knowledge) -> Iterator[str]:
    return (data.measured.get(name, "") for name in ("tensorflow", "keras", "numpy"))


def _changed(old: Knowledge, new: Knowledge) -> Iterator[str]:
    for name in sorted(new.names()):
        before, after = old.get(name), new.get(name)
        if before is not None and after is not None:
            for change in changes(before, after):
                yield _row((f"`{name}`", change.what(), _word(change.before), _word(change.after)))


def _word(outcome: str) -> str:
    return f"`{outcome.replace(':', ' ')}`"


def _present(how: str, here: Knowledge, there: Knowledge, unmeasured: frozenset[str]) -> Iterator[str]:
    """A row for each namespace, with the names that are known here and do not exist there."""
    found: dict[str, list[str]] = {}
    for name in sorted({*here.names(), *here.aliases()}):
        if there.canonical(name) is None and name not in unmeasured and not name.startswith(_NOT_LISTED):
            namespace, _, own = name.rpartition(".")
            found.setdefault(namespace, []).append(f"`{own}`")
    others = {name.rpartition(".")[0] for name in (*there.names(), *there.aliases())}
    for namespace, names in sorted(found.items()):
        yield _row((how, f"`{namespace}`", ", ".join(names) if namespace in others else f"all {len(names)}"))


def _unmeasured(version: tuple[int, int]) -> frozenset[str]:
    """Names that exist in a version and were not measured there."""
    own = versions.OLDER / f"{versions.name(version)}.txt"
    paths = [versions.FOLDER / "unmeasured.txt", *([own] if own.exists() else [])]
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(line.partition(": ")[0] for line in lines)
