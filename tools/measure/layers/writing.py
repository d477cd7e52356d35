"""Writes what was measured of the layers: one line a layer, sorted, the same at every run.

Of each Keras, the one that belongs to the newest TensorFlow is written whole; of each older one only the lines that
differ from the next newer one's, in a file a version.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgradlint.knowledge import versions
from tfgradlint.knowledge.layers import FOLDER
from tools.measure import writing
from tools.measure.reporting import DOCS

if TYPE_CHECKING:
    from tools.measure.layers.recording import Measured

#: The parts of a file, in order, each a mapping with a line an entry.
_PARTS = ("aliases", "activations", "unmeasured", "layers")
_HEAD = "<!-- Written by `python -m tools.measure.layers`. -->\n"


def add(measured: Measured, folder: Path = FOLDER) -> None:
    """Writes what was measured, in the place of what is there of the same version."""
    everything = stored(measured.major, folder)
    own: dict[str, Any] = {part: dict(sorted(getattr(measured, part).items())) for part in _PARTS}
    everything[versions.parse(measured.distributions["tensorflow"])] = {"versions": measured.distributions, **own}
    folder.mkdir(exist_ok=True)
    newer: dict[str, Any] = {}
    for version in sorted(everything, reverse=True):
        told = everything[version]
        changes = {part: writing.differences(newer[part], told[part]) if newer else told[part] for part in _PARTS}
        name = f"{measured.major}-{versions.name(version)}" if newer else str(measured.major)
        writing.replace(folder / f"keras{name}.json", _text({"versions": told["versions"], **changes}))
        newer = told


def stored(major: int, folder: Path = FOLDER) -> dict[tuple[int, int], dict[str, Any]]:
    """What the files hold of a major version of Keras, by the version of TensorFlow, the newest first."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    newest = folder / f"keras{major}.json"
    if not newest.exists():
        return found
    last = json.loads(newest.read_text(encoding="utf-8"))
    found[versions.parse(last["versions"]["tensorflow"])] = last
    older = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob(f"keras{major}-*.json")]
    for data in sorted(older, key=lambda data: versions.parse(data["versions"]["tensorflow"]), reverse=True):
        last = {part: writing.changed(last[part], data[part]) for part in _PARTS} | {"versions": data["versions"]}
        found[versions.parse(data["versions"]["tensorflow"])] = last
    return found


def _text(data: Mapping[str, Any]) -> str:
    parts = [f'"versions": {json.dumps(dict(sorted(data["versions"].items())))}']
    for part in _PARTS:
        lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(data[part].items()))
        parts.append(f'"{part}": {{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def page(folder: Path = FOLDER, path: Path = DOCS / "layers.md") -> None:
    """Writes how much is measured, and what is not and why."""
    rows: list[str] = []
    left_out: dict[str, tuple[str, list[str]]] = {}
    untried: dict[str, tuple[str, list[str]]] = {}
    for major in (3, 2):
        for data in stored(major, folder).values():
            layers, unmeasured = data["layers"], data["unmeasured"]
            keras, tensorflow = data["versions"]["keras"], data["versions"]["tensorflow"]
            parameters = [each for entry in layers.values() for each in entry.get("params", [])]
            open_ones = [(name, each) for name, entry in layers.items() for each in entry.get("untried", [])]
            counts = (len(layers) + len(unmeasured), len(layers), len(parameters), len(parameters) - len(open_ones))
            rows.append(f"| {keras} | {tensorflow} | {' | '.join(map(str, counts))} |")
            for name, reason in unmeasured.items():
                left_out.setdefault(name, (reason, []))[1].append(keras)
            for name, parameter in open_ones:
                untried.setdefault(f"{name}` `{parameter}", ("", []))[1].append(keras)
    lines = [
        _HEAD + "# The layers of Keras",
        "",
        "Every class of `keras.layers` is made, called under a tape and differentiated towards each of its weights and",
        "inputs: at generic points, with positive and negative inputs, with a single example or step, and for",
        "inference and training. Every parameter is then given another value, to see what it adds, takes away or",
        "changes. `tfgradlint op keras.layers.Dense` shows what came of it. With a parameter that could not be tried",
        "nothing is said of the layer.",
        "",
        "| Keras | TensorFlow | layers | measured | parameters | tried |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        "## Not measured",
        "",
        "| class | why | Keras |",
        "| --- | --- | --- |",
        *_lines(left_out),
        "",
        "## Parameters that were not tried",
        "",
        "No other value of these is known with which the layer can be made and called on a CPU.",
        "",
        "| class and parameter | Keras |",
        "| --- | --- |",
        *_lines(untried),
    ]
    writing.replace(path, "\n".join(lines) + "\n")


def _lines(rows: Mapping[str, tuple[str, Iterable[str]]]) -> Iterable[str]:
    for name, (reason, versions_of_keras) in sorted(rows.items()):
        cells = [f"`{name}`", reason.replace("|", "\\|"), ", ".join(versions_of_keras)]
        yield f"| {' | '.join(cell for cell in cells if cell)} |"
