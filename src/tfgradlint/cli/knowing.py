"""``tfgradlint op``, ``rule``, ``prove`` and ``config``: what is known, and what is in force."""

from __future__ import annotations

import argparse
import os
import shutil

from tfgradlint.cli.files import configuration
from tfgradlint.cli.telling import CLEAN, COULD_NOT_RUN, FINDINGS, complain, show
from tfgradlint.files.sources import Unreadable
from tfgradlint.reports import json, text
from tfgradlint.settings import codes as config


def op(options: argparse.Namespace) -> int:
    """Show what is known of operations."""
    from tfgradlint.knowledge.lookup import look_up, look_up_layers
    from tfgradlint.knowledge.objects import look_up_objects
    from tfgradlint.reports import layer_page, object_page, operation

    config.tensorflow_version(options.tensorflow_version)
    layers, names = look_up_layers(options.names, options.tensorflow_version)
    objects, names = look_up_objects(names)
    found, unknown = look_up(names, options.tensorflow_version)
    if options.output_format == "json":
        print(json.operations(found, layers, objects))
    else:
        width = shutil.get_terminal_size().columns
        parts = (operation.pages(found, width), layer_page.pages(layers, width), object_page.pages(objects, width))
        told = [lines for part in parts if (lines := list(part))]
        show(line for number, lines in enumerate(told) for line in (*[""] * (number > 0), *lines))
    for line in unknown:
        complain(line)
    return COULD_NOT_RUN if unknown else CLEAN


def rule(options: argparse.Namespace) -> int:
    """Explain rules."""
    from tfgradlint.reports.rule_page import linked, summary
    from tfgradlint.rules import all_rules

    rules = all_rules()
    if options.all:
        show(map(linked, rules))
    elif not options.code:
        show(text.table(("code", "name", "what"), ((rule.code, rule.name, summary(rule)) for rule in rules)))
    else:
        asked = config.codes([options.code], [rule.code for rule in rules])
        show(linked(rule) for rule in rules if rule.code.startswith(asked))
    return CLEAN


def prove(options: argparse.Namespace) -> int:
    """Run the rules' examples."""
    from tfgradlint.evidence.prove import TensorFlowMissing, installed, prove
    from tfgradlint.rules import all_rules

    known = [rule.code for rule in all_rules()]
    asked = config.codes(options.codes, known) or ("TFG",)
    try:
        rows = prove(code for code in known if code.startswith(asked))
    except TensorFlowMissing as error:
        complain(str(error))
        return COULD_NOT_RUN
    header = ("rule", "program", "mode", "claimed", "observed", "")
    told = ((row.code, row.which, row.mode, row.claimed, row.observed, _agreement(row.agrees)) for row in rows)
    show(text.table(header, told))
    differing = sum(not row.agrees for row in rows)
    outcome = f"{differing} differ from what is" if differing else "all as"
    print(f"{len(rows)} runs, {outcome} claimed for {installed()}")
    return FINDINGS if differing else CLEAN


def _agreement(agrees: bool) -> str:
    return "ok" if agrees else "DIFFERS"


def settings(options: argparse.Namespace) -> int:
    """Print the settings in force."""
    from tfgradlint.reports.settings import toml

    if not os.path.exists(options.path):
        raise Unreadable(f"{options.path}: No such file or directory")
    show(toml(configuration(options).of(options.path)))
    return CLEAN
