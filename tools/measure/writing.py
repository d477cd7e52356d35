"""Writes the data: one line a callable, sorted, the same at every run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # TensorFlow comes with these; the supervising process does without.
    from tools.measure.cases import Entry
    from tools.measure.measuring import Output
    from tools.measure.names import Parameter

FOLDER = Path(__file__).parents[2] / "src" / "tfgradlint" / "knowledge"


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
        if word == "flows" and second != "flows":
            word += f"/{'?' if second in ('', 'mixed') else second}"
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
    return {key: value for key, value in found.items() if value and (key, value) != ("kind", "tensor")}


def encode(entry: Entry) -> dict[str, Any]:
    """An entry as it stands in the file: what is usual is left out."""
    cases = []
    for case in entry.cases:
        seen = case.observation
        found: dict[str, Any] = {"when": case.when, "returns": seen.returns, "fields": list(seen.fields)}
        found["outputs"] = [_output(output) for output in seen.outputs]
        cases.append({key: value for key, value in found.items() if value and (key, value) != ("returns", "single")})
    return {"params": _parameters(entry.parameters), "cases": cases}


def replace(path: Path, text: str) -> None:
    """Writes a file in one go."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def write(
    library: str,
    versions: Mapping[str, str],
    aliases: Mapping[str, str],
    entries: Mapping[str, Mapping[str, Any]],
) -> None:
    """Writes one library's file in one go."""
    lines = ["{", f'"versions": {json.dumps(dict(sorted(versions.items())))},', '"aliases": {']
    lines.append(",\n".join(f"{json.dumps(a)}: {json.dumps(n)}" for a, n in sorted(aliases.items())))
    lines += ["},", '"callables": {']
    lines.append(",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(entries.items())))
    lines += ["}", "}", ""]
    replace(FOLDER / f"{library}.json", "\n".join(lines))


def write_unmeasured(reasons: Mapping[str, str]) -> None:
    """Writes what could not be measured, with the reasons."""
    lines = ["# Not measured, and why. Nothing is known of these.", ""]
    lines += [f"{name}: {' '.join(reason.split())[:160]}" for name, reason in sorted(reasons.items())]
    replace(FOLDER / "unmeasured.txt", "\n".join(lines) + "\n")
