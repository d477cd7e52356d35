"""What a run has shown, as the process that ran the program hands it over: JSON, plain enough for any Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

#: Where something was asked for: file, line, column (None where it cannot be told) and call.
Key = tuple[str, int, "int | None", str]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run, and how.

    ``folder`` is where Python looks first for modules; ``requests`` the number of evaluations of each of the
    ``expected`` requests after which the program is stopped, ``seconds`` the time after which it is.
    """

    report: str
    target: str
    module: bool = False
    arguments: tuple[str, ...] = ()
    folder: str = ""
    requests: int | None = None
    seconds: float | None = None
    expected: int = 0
    eager: bool = False
    notebook: bool = False

    @classmethod
    def load(cls, path: str) -> Order:
        """The order in a file."""
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        return cls(**{**data, "arguments": tuple(data["arguments"])})

    def save(self, path: str) -> None:
        """Write the order to a file."""
        _write(path, asdict(self))


#: Why a gradient is None: the step passes none on, it ran where no tape recorded, the tape does not watch the source,
#: or there is no step that leads from the source to the target.
ENDS, UNRECORDED, UNWATCHED, APART = "ends", "unrecorded", "unwatched", "apart"


@dataclass(frozen=True, slots=True)
class Lost:
    """The step at which a gradient was lost, as the tape met it: what TensorFlow calls it, and where it stands.

    ``word`` is what the request gave, ``why`` tells more of None. A step that could not be found has no name.
    """

    word: str
    step: str = ""
    file: str = ""
    line: int = 0
    why: str = ENDS


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a tape: each different evaluation, one word a source, with the times that it was seen."""

    key: Key
    seen: tuple[tuple[tuple[str, ...], int], ...]
    lost: tuple[Lost, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainedBy:
    """A call that trains: of each time the words for the weights that the model lists (None: it lists none) and for
    those that were updated, and the exception that it ended in.
    """

    key: Key
    times: tuple[tuple[tuple[tuple[str, ...], ...] | None, tuple[tuple[str, ...], ...], str], ...]
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How the program ended: its exit status, and the exception, if there was one, with its place."""

    status: int = 0
    type: str = ""
    message: str = ""
    file: str = ""
    line: int = 0
    #: Why it was stopped, if it was.
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was seen of a run. ``updates`` tells for each line that hands gradients to an optimizer what they did.

    ``entry`` is the file that the program began with. ``versions``: empty where it never imported TensorFlow.
    ``overflow``: evaluations in graphs that were too many to be kept.
    """

    asked: tuple[Asked, ...] = ()
    trained: tuple[TrainedBy, ...] = ()
    updates: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    ending: Ending = field(default_factory=Ending)
    entry: str = ""
    versions: str = ""
    tensorflow: str = ""
    keras: int | None = None
    overflow: int = 0

    def save(self, path: str) -> None:
        """Write the report to a file."""
        _write(path, asdict(self))

    @classmethod
    def load(cls, path: str) -> Report:
        """The report in a file.

        Raises:
            OSError, ValueError: there is none, since the process died.
        """
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        return cls(
            tuple(_asked(each) for each in data["asked"]),
            tuple(_trained(each) for each in data["trained"]),
            {file: {int(line): word for line, word in lines.items()} for file, lines in data["updates"].items()},
            Ending(**data["ending"]),
            data["entry"],
            data["versions"],
            data["tensorflow"],
            data["keras"],
            data["overflow"],
        )


def _asked(data: Any) -> Asked:
    seen = tuple((tuple(words), times) for words, times in data["seen"])
    return Asked(_key(data["key"]), seen, tuple(Lost(**each) for each in data["lost"]))


def _trained(data: Any) -> TrainedBy:
    times = tuple(
        (None if listed is None else _words(listed), _words(updated), raised)
        for listed, updated, raised in data["times"]
    )
    return TrainedBy(_key(data["key"]), times, data["steps"])


def _words(data: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, data))


def _key(data: Any) -> Key:
    file, line, column, call = data
    return file, line, column, call


def _write(path: str, data: Any) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file)
