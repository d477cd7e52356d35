"""Writes the data: one line a callable, sorted, the same at every run.

The newest version that was measured is written whole, a file a library; of each older one only the lines that differ
from the next newer one's, in a file a version.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgradlint.knowledge import versions

if TYPE_CHECKING:
    # TensorFlow comes with these; the supervising process does without.
    from tools.measure.cases import Entry
    from tools.measure.measuring import Output
    from tools.measure.names import Parameter

FOLDER = Path(__file__).parents[2] / "src" / "tfgradlint" / "knowledge"
OLDER = "older"
UNMEASURED = "unmeasured.txt"
_HEADING = "# Not measured, and why. Nothing is known of these."


def _parameters(parameters: tuple[Parameter, ...]) -> list[str]:
    texts: list[str] = []
    for parameter in parameters:
        if parameter.kind == "var_positional":
            texts.append(f"*{parameter.name}")
        elif parameter.kind == "var_keyword":
            texts.append(f"**{parameter.name}")
        else:
            if parameter.kind == "keyword" and not any(text.startswith("*") for text in texts):
                texts.append("*")
            texts.append(parameter.name if parameter.default is None else f"{parameter.name}={parameter.default}")
    return texts


def _output(output: Output) -> dict[str, Any]:
    effects = {}
    for name, word in output.effects.items():
        if word == "mixed":
            continue
        second = output.second.get(name, "")
        above = output.above.get(name, "") or "flows"
        if word == "flows" and (second, above) != ("flows", "flows"):
            word += f"/{'?' if second in ('', 'mixed') else second}"
        if word.startswith("flows") and above != "flows":
            word += f"/{'?' if above == 'mixed' else above}"
        effects[name] = word
    of_variable = {name: word for name, word in output.of_variable.items() if word != "mixed"}
    found = {
        "kind": output.kind,
        "dtype": output.dtype,
        "alias": output.alias.replace("-", ""),
        "effects": effects,
    }
    found["of_variable"] = of_variable
    found["of_complex"] = output.of_complex
    found["slices"] = sorted(output.slices)
    return {key: value for key, value in found.items() if value and (key, value) != ("kind", "tensor")}


def encode(entry: Entry) -> dict[str, Any]:
    """An entry as it stands in the file: what is usual is left out."""
    cases = []
    for case in entry.cases:
        seen = case.observation
        found: dict[str, Any] = {"when": case.when, "returns": seen.returns, "fields": list(seen.fields)}
        found["outputs"] = [_output(output) for output in seen.outputs]
        found.update(unwatched=sorted(seen.unwatched), single=seen.single)
        cases.append({key: value for key, value in found.items() if value and (key, value) != ("returns", "single")})
    return {"params": _parameters(entry.parameters), "cases": cases}


@dataclass
class Measured:
    """All that was measured of one version. ``distributions`` are the packages, with their versions."""

    distributions: dict[str, str]
    aliases: dict[str, str]
    entries: dict[str, dict[str, Any]]
    #: What could not be measured, and why; of an older version only what the newest does not have there too.
    unmeasured: dict[str, str]

    @property
    def version(self) -> tuple[int, int]:
        return versions.parse(self.distributions["tensorflow"])


def stored(folder: Path = FOLDER) -> dict[tuple[int, int], Measured]:
    """What the files hold, by version, the newest first."""
    found: dict[tuple[int, int], Measured] = {}
    paths = sorted(folder.glob("*.json"))
    if not paths:
        return found
    last = Measured({}, {}, {}, _reasons(folder / UNMEASURED))
    for path in paths:
        data = json.loads(path.read_text(encoding="utf-8"))
        last.distributions = data["versions"]
        last.aliases.update(data["aliases"])
        last.entries.update(data["callables"])
    found[last.version] = last
    for path in sorted((folder / OLDER).glob("*.json"), key=versions.parse_name, reverse=True):
        data = json.loads(path.read_text(encoding="utf-8"))
        last = Measured(
            data["versions"],
            changed(last.aliases, data["aliases"]),
            changed(last.entries, data["callables"]),
            _reasons(path.with_suffix(".txt")),
        )
        found[last.version] = last
    return found


def changed(newer: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**newer, **changes}.items() if value is not None}


def differences(newer: Mapping[str, Any], older: Mapping[str, Any]) -> dict[str, Any]:
    """What turns the newer into the older; ``None`` where the older has nothing."""
    return {name: older.get(name) for name in {**newer, **older} if older.get(name) != newer.get(name)}


def add(measured: Measured, folder: Path = FOLDER) -> None:
    """Writes what was measured, in the place of what is there of the same version."""
    everything = stored(folder)
    everything[measured.version] = measured
    newest, *rest = sorted(everything, reverse=True)
    _write_newest(everything[newest], folder)
    newer = everything[newest]
    for version in rest:
        older = _renamed(everything[version], newer)
        common = everything[newest].unmeasured
        older.unmeasured = {name: reason for name, reason in older.unmeasured.items() if name not in common}
        path = folder / OLDER / f"{versions.name(version)}.json"
        path.parent.mkdir(exist_ok=True)
        _write(
            path,
            older.distributions,
            differences(newer.aliases, older.aliases),
            differences(newer.entries, older.entries),
        )
        write_unmeasured(path.with_suffix(".txt"), older.unmeasured)
        newer = older


def _renamed(older: Measured, newer: Measured) -> Measured:
    """The same under the names that the newer version gives: which of several names leads is chance."""
    leading = {
        name: other
        for name in older.entries
        if name not in newer.entries and older.aliases.get(other := newer.aliases.get(name, "")) == name
    }
    aliases = {alias: leading.get(name, name) for alias, name in older.aliases.items()}
    for name, other in leading.items():
        del aliases[other]
        aliases[name] = other
    entries = {leading.get(name, name): entry for name, entry in older.entries.items()}
    return Measured(older.distributions, aliases, entries, older.unmeasured)


def library(name: str) -> str:
    """The file of the newest version in which a callable stands."""
    if name.startswith("tf.raw_ops."):
        return "raw_ops"
    root = name.partition(".")[0]
    return {"tf": "tensorflow", "math": "python", "builtins": "python"}.get(root, root)


def _write_newest(measured: Measured, folder: Path) -> None:
    libraries = {library(name) for name in measured.entries}
    for own in sorted(libraries):
        entries = {name: entry for name, entry in measured.entries.items() if library(name) == own}
        aliases = {alias: name for alias, name in measured.aliases.items() if name in entries}
        _write(folder / f"{own}.json", measured.distributions, aliases, entries)
    for path in folder.glob("*.json"):
        if path.stem not in libraries:
            path.unlink()
    (folder / OLDER / f"{versions.name(measured.version)}.json").unlink(missing_ok=True)
    (folder / OLDER / f"{versions.name(measured.version)}.txt").unlink(missing_ok=True)
    write_unmeasured(folder / UNMEASURED, measured.unmeasured)


def _write(path: Path, measured: Mapping[str, str], aliases: Mapping[str, Any], entries: Mapping[str, Any]) -> None:
    """Writes one file in one go."""
    lines = ["{", f'"versions": {json.dumps(dict(sorted(measured.items())))},', '"aliases": {']
    lines.append(",\n".join(f"{json.dumps(a)}: {json.dumps(n)}" for a, n in sorted(aliases.items())))
    lines += ["},", '"callables": {']
    lines.append(",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(entries.items())))
    lines += ["}", "}", ""]
    replace(path, "\n".join(lines))


def replace(path: Path, text: str) -> None:
    """Writes a file in one go."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def write_unmeasured(path: Path, reasons: Mapping[str, str]) -> None:
    lines = [_HEADING, ""]
    lines += [f"{name}: {' '.join(reason.split())[:160]}".rstrip() for name, reason in sorted(reasons.items())]
    replace(path, "\n".join(lines) + "\n")


def _reasons(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    parts = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return {name: reason for name, _, reason in parts}
