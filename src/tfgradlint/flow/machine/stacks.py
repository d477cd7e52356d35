"""Python's own stack, which has room for some fifty calls within calls: deeper ones go on on another stack."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")

#: So many of Python's frames are half of what it allows by itself. Between two looks at the stack come some hundred.
_HALF = 500
#: Far more than Python's frames up to its limit take.
_BYTES = 16 * 1024 * 1024


def used_up() -> bool:
    """Whether so much of the stack is taken that what may go deeper should have another one."""
    try:
        sys._getframe(_HALF)
    except ValueError:
        return False
    return True


class NoStack(RecursionError):
    """There is no memory for another stack."""


def on_another(run: Callable[[], _Result], size: int = _BYTES) -> _Result:
    """What ``run`` gives or raises, on a stack of its own of so many bytes; nothing else happens meanwhile.

    Raises:
        NoStack: there is no other stack.
    """
    results: list[_Result] = []
    errors: list[BaseException] = []

    def there() -> None:
        try:
            results.append(run())
        except BaseException as error:  # handed over to the thread that waits
            errors.append(error)

    before = threading.stack_size(size)
    try:
        thread = threading.Thread(target=there, daemon=True)
        thread.start()
    except RuntimeError as error:
        raise NoStack("no stack is left") from error
    finally:
        threading.stack_size(before)
    thread.join()
    if errors:
        raise errors.pop()
    return results[0]
