"""What callables do to gradients, as data measured under TensorFlow, and the way to ask for it.

The files beside this module are written by ``python -m tools.measure``; a line holds one callable and is decoded
when it is first asked for. What the data does not hold is unknown. The newest TensorFlow that was measured is kept
whole; of each older one only what is otherwise there than in the next newer, in ``older/``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

from tfgradlint.knowledge import versions

_NOTHING: Mapping[str, str] = MappingProxyType({})
#: Spellings of the same root.
_ROOTS = (("tensorflow.", "tf."), ("tf.compat.v2.", "tf."), ("np.", "numpy."))
_NO, _MAYBE, _YES = range(3)


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter. ``kind`` is ``positional``, ``var_positional``, ``keyword`` or ``var_keyword``.

    ``default`` is the source text of its default, ``...`` where that is no literal, empty where there is none.
    """

    name: str
    kind: str
    required: bool
    default: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """What is known of one output.

    ``kind``: ``tensor``, ``variable``, ``array`` (NumPy), ``python`` (a Python value, a shape, a dtype), ``none``,
    ``ragged``, ``sparse``, ``slices``, ``tensor_array``, ``list`` (a list of tensors, each as told here) or ``other``.

    ``dtype``: ``=x`` is that of the argument ``x``; or a name such as ``int64``; or only ``float``, ``complex`` or
    ``int`` where the width varies; or empty where it is not known.

    ``effects``: argument -> ``flows``, ``none``, ``zero``, ``nonfinite`` or ``raises:LookupError``: what the gradient
    of this output with respect to a tensor given there is. An argument that is missing was not measured, or takes no
    floating-point tensor. For an output that is not floating-point the word tells what a request with that very
    output as target gives; whatever is computed further from it has no gradient.

    ``of_variable``: the arguments whose effect is another where a ``tf.Variable`` is given (``array``: a NumPy array
    comes out then); ``of_complex``: where a
    complex tensor is given. ``effects`` speak of floats (of complex tensors where only these are taken); an argument
    without gradient for floats and with one for complex tensors (``tf.math.imag``) is missing there.

    ``second``: for the arguments with ``flows``, the outcome of differentiating that gradient again with respect to
    the same argument: ``none`` where the operation is linear in it. Missing where it was not measured.

    ``above``: the same with respect to the gradient that comes from above, where that is not ``flows``: ``none`` or
    ``raises:LookupError`` where the operation's gradient cannot be differentiated at all, ``?`` where it varies.

    ``slices``: the arguments whose gradient comes as ``tf.IndexedSlices``, in one at least of the calls measured.

    ``alias``: the argument whose very object is returned, where that already is a tensor of the output's dtype (or,
    for an output of kind ``variable``, that variable); ``?`` where it is returned at times only.
    """

    kind: str = "tensor"
    dtype: str = ""
    effects: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    second: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    of_variable: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    of_complex: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    alias: str = ""
    slices: tuple[str, ...] = field(default=(), compare=False)
    above: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Case:
    """What a call gives under a condition.

    ``when``: parameter -> the literals it may be, or ``given`` or ``absent``. ``returns``: ``single``, ``tuple``,
    ``namedtuple`` (with ``fields``), ``sequence`` (a list of unknown length: the one output describes each element),
    or ``raises:AttributeError`` where the call itself raises.

    ``unwatched``: the arguments that a tape does not come to watch by itself where they are variables; ``single``: the
    argument that may be a list of one tensor, which is then handed through.
    """

    when: Mapping[str, tuple[object, ...] | str]
    returns: str
    fields: tuple[str, ...]
    outputs: tuple[Output, ...]
    unwatched: tuple[str, ...] = ()
    single: str = ""


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """All that is known of one callable, property or operator."""

    name: str
    params: tuple[Param, ...]
    cases: tuple[Case, ...]

    def case(self, constants: Mapping[str, object], given: Collection[str]) -> Case | None:
        """The case that a call falls under, ``None`` where what is not known of the arguments could decide.

        ``constants`` holds the literal arguments by parameter (dtypes as names), ``given`` the parameters to which
        anything is passed, literal or not.
        """
        possible: list[Case] = []
        for case in self.cases:
            fits = self._fits(case, constants, given)
            if fits != _NO:
                possible.append(case)
            if fits == _YES:
                same = all((c.returns, c.outputs) == (case.returns, case.outputs) for c in possible)
                return case if same else None
        return None

    def _fits(self, case: Case, constants: Mapping[str, object], given: Collection[str]) -> int:
        fits = _YES
        for name, wanted in case.when.items():
            passed = (name in given or name in constants) and not (name in constants and constants[name] is None)
            if wanted in ("given", "absent"):
                found = _YES if passed == (wanted == "given") else _NO
            elif name in constants:
                found = _YES if _among(constants[name], wanted) else _NO
            elif passed:
                found = _MAYBE
            else:
                found = _YES if _among(self._default(name), wanted) else _NO
            fits = min(fits, found)
        return fits

    def _default(self, name: str) -> object:
        for param in self.params:
            if param.name == name and param.default not in ("", "..."):
                return _literal(param.default)
        return None


_literal = cache(ast.literal_eval)


def _among(value: object, wanted: Iterable[object]) -> bool:
    # True == 1 and 1 == 1.0, but ord=True is not ord=1.
    return any(value == other and isinstance(value, bool) == isinstance(other, bool) for other in wanted)


class Knowledge:
    """The data of all libraries, as ``files`` give it one after the other; a later one may replace what was said and
    take it back. Nothing is decoded before it is asked for.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._lines: dict[str, str] = {}
        self._aliases: dict[str, str] = {}
        self._found: dict[str, OperationFacts] = {}
        #: The distributions with which it was measured, and their versions.
        self.measured: Mapping[str, str] = {}
        for path in files:
            self._read(path.read_text(encoding="utf-8"))

    def _read(self, text: str) -> None:
        # The files are valid JSON, but decoding them whole would cost more than all that is ever asked of them:
        # every callable stands on a line of its own, and only its name is read here.
        head, _, body = text.partition('"callables": {\n')
        measured, _, aliases = head.partition('"aliases": ')
        self.measured = json.loads(measured.partition('"versions": ')[2].rstrip().removesuffix(","))
        for alias, name in json.loads(aliases.rstrip().removesuffix(",")).items():
            if name is None:
                self._aliases.pop(alias, None)
            else:
                self._aliases[alias] = name
        for line in body.split("\n"):
            name, colon, entry = line.partition('": ')
            if colon and entry.startswith("null"):
                self._lines.pop(name[1:], None)
            elif colon:
                self._lines[name[1:]] = entry

    def get(self, name: str) -> OperationFacts | None:
        """What is known of a callable under any of its names, such as ``tf.reduce_mean`` or ``tf.Tensor.__add__``."""
        canonical = self.canonical(name)
        if canonical is None:
            return None
        if canonical not in self._found:
            self._found[canonical] = _decode(canonical, json.loads(self._lines[canonical].rstrip(",")))
        return self._found[canonical]

    def canonical(self, name: str) -> str | None:
        """The one name under which a callable is kept, ``None`` where it is not known."""
        for spelling in _spellings(name):
            if spelling in self._lines:
                return spelling
            if spelling in self._aliases:
                return self._aliases[spelling]
        return None

    def names(self) -> Iterable[str]:
        """The canonical names."""
        return self._lines.keys()

    def aliases(self) -> Mapping[str, str]:
        """Every other name, with the canonical one."""
        return MappingProxyType(self._aliases)


def _spellings(name: str) -> Iterator[str]:
    for spelling, root in _ROOTS:
        if name.startswith(spelling):
            name = root + name[len(spelling) :]
    yield name
    if name.startswith("tf.keras."):
        yield name.removeprefix("tf.")


def _decode(name: str, entry: dict[str, list[object]]) -> OperationFacts:
    params: list[Param] = []
    kind = "positional"
    for text in entry["params"]:
        assert isinstance(text, str)
        if text == "*":
            kind = "keyword"
        elif text.startswith("**"):
            params.append(Param(text[2:], "var_keyword", False))
        elif text.startswith("*"):
            params.append(Param(text[1:], "var_positional", False))
            kind = "keyword"
        else:
            own, equals, default = text.partition("=")
            params.append(Param(own, kind, not equals, default))
    return OperationFacts(name, tuple(params), tuple(_case(case) for case in entry["cases"] if isinstance(case, dict)))


def _case(case: dict[str, object]) -> Case:
    when, fields, outputs = case.get("when", {}), case.get("fields", []), case.get("outputs", [])
    assert isinstance(when, dict)
    assert isinstance(fields, list)
    assert isinstance(outputs, list)
    return Case(
        {name: tuple(wanted) if isinstance(wanted, list) else str(wanted) for name, wanted in when.items()},
        str(case.get("returns", "single")),
        tuple(fields),
        tuple(_output(output) for output in outputs),
        _names(case.get("unwatched", [])),
        str(case.get("single", "")),
    )


def _names(value: object) -> tuple[str, ...]:
    assert isinstance(value, list)
    return tuple(map(str, value))


def _output(output: dict[str, object]) -> Output:
    effects = output.get("effects", {})
    of_variable = output.get("of_variable", {})
    of_complex = output.get("of_complex", {})
    assert isinstance(effects, dict)
    assert isinstance(of_variable, dict)
    assert isinstance(of_complex, dict)
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    above: dict[str, str] = {}
    for name, words in effects.items():
        first[name], again, passed = (*words.split("/"), "", "")[:3]
        if first[name] == "flows" and again != "?":
            second[name] = again or "flows"
        if passed:
            above[name] = passed
    kind, dtype, alias = (str(output.get(key, usual)) for key, usual in _TEXTS)
    slices = _names(output.get("slices", []))
    return Output(kind, dtype, first, second, of_variable, of_complex, alias, slices, above)


_TEXTS = (("kind", "tensor"), ("dtype", ""), ("alias", ""))


def load(version: str | None = None) -> Knowledge:
    """The data measured for a version of TensorFlow, or the nearest older one; read once.

    Without a version it is that of the TensorFlow installed here, without one the newest.

    Raises:
        VersionError: ``version`` is none.
    """
    return _load(versions.choose(version))


@cache
def load_probability() -> Knowledge:
    """The data of TensorFlow Probability, which is the same for every version of TensorFlow; read once."""
    return Knowledge(sorted((versions.FOLDER / "probability").glob("*.json")))


@cache
def _load(version: tuple[int, int]) -> Knowledge:
    older = [path for path in versions.OLDER.glob("*.json") if versions.parse_name(path) >= version]
    older.sort(key=versions.parse_name, reverse=True)
    return Knowledge([*sorted(versions.FOLDER.glob("*.json")), *older])
