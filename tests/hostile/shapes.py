"""Programs of monstrous shape: deep, long and wide."""

from __future__ import annotations

from .programs import AFTER, BEFORE, CLOSE, CUT_SHORT, GIVEN_UP, JUDGED, OPEN, Hostile, between, indented


def _nested(opening: str, closing: str, times: int, core: str = "1") -> str:
    return "x = " + opening * times + core + closing * times


def _blocks(header: str, times: int, core: str = "pass") -> str:
    """``times`` blocks, one inside the other; ``{n}`` in the header is the depth."""
    lines = [" " * depth + header.format(n=depth) for depth in range(times)]
    return "\n".join([*lines, " " * times + core])


def _taped(part: str) -> str:
    return OPEN + indented(part) + CLOSE


#: Deep expressions: at a depth that ordinary code reaches they are judged, past that the file is given up.
_DEEP: dict[str, tuple[str, str]] = {
    "10000 brackets": (_nested("(", ")", 10_000), GIVEN_UP),
    "10000 open brackets": ("x = " + "[" * 10_000, GIVEN_UP),
    "10000 lists": (_nested("[", "]", 10_000), GIVEN_UP),
    "10000 dictionaries": (_nested("{1: ", "}", 10_000), GIVEN_UP),
    "150 brackets": (_nested("(", ")", 150, "w"), JUDGED),
    "90 lists": (_nested("[", "]", 90, "w"), JUDGED),
    "90 tuples": (_nested("(", ",)", 90, "w"), JUDGED),
    "90 dictionaries": (_nested("{1: ", "}", 90, "w"), JUDGED),
    "90 subscripts inside one another": (_nested("w[", "]", 90, "0"), JUDGED),
    "sum of 800 terms": ("x = " + " + ".join(["w"] * 800), JUDGED),
    "sum of 5000 terms": ("x = " + " + ".join(["w"] * 5000), GIVEN_UP),
    "sum of 5000 numbers": ("x = " + " + ".join(["1"] * 5000), GIVEN_UP),
    "power of 400 powers": ("x = " + " ** ".join(["w"] * 400), JUDGED),
    "power of 3000 powers": ("x = " + " ** ".join(["w"] * 3000), GIVEN_UP),
    "400 elif": ("if w:\n    pass\n" + "elif w:\n    pass\n" * 400, JUDGED),
    "2000 elif": ("if w:\n    pass\n" + "elif w:\n    pass\n" * 2000, JUDGED),
    "400 else if, one inside the other": (
        "".join(f"{' ' * n}if w:\n{' ' * n} pass\n{' ' * n}else:\n" for n in range(90)) + " " * 90 + "pass",
        JUDGED,
    ),
    "chain of 800 attributes": ("x = w" + ".y" * 800, JUDGED),
    "chain of 3000 attributes": ("x = w" + ".y" * 3000, GIVEN_UP),
    "chain of 400 calls": ("x = w" + "(1)" * 400, JUDGED),
    "chain of 3000 calls": ("x = w" + "(1)" * 3000, GIVEN_UP),
    "chain of 400 subscripts": ("x = w" + "[0]" * 400, JUDGED),
    "chain of 400 methods": ("x = w" + ".m(w)[0]" * 133, JUDGED),
    "90 calls inside one another": (_nested("tf.identity(", ")", 90, "w"), JUDGED),
    "800 signs": ("x = " + "-" * 800 + "w", JUDGED),
    "3000 signs": ("x = " + "-" * 3000 + "w", GIVEN_UP),
    "800 not": ("x = " + "not " * 800 + "w", JUDGED),
    "3000 not": ("x = " + "not " * 3000 + "w", GIVEN_UP),
    "90 lambdas": ("x = " + "lambda: " * 90 + "w", JUDGED),
    "400 lambdas": ("x = " + "lambda: " * 400 + "w", JUDGED),
    "90 lambdas, all of them called": (_nested("(lambda x: ", ")(w)", 90, "w"), JUDGED),
    "300 conditional expressions": ("x = " + "w if w else " * 300 + "w", JUDGED),
    "800 conditional expressions": ("x = " + "w if w else " * 800 + "w", JUDGED),
    "3000 conditional expressions": ("x = " + "w if w else " * 3000 + "w", GIVEN_UP),
    "conditional expressions in the test": (_nested("(1 if ", " else 2)", 90, "w"), JUDGED),
    "60 comprehensions": (_nested("[", " for y in w]", 60, "w"), JUDGED),
    "60 generators": (_nested("list(", " for y in w)", 60, "w"), JUDGED),
    "60 iterables": (_nested("[y for y in ", "]", 60, "w"), JUDGED),
    "comprehension of 200 clauses": ("x = [w" + " for y in w" * 200 + "]", JUDGED),
    "comprehension of 12 ranges": ("x = [w" + " for y in range(9)" * 12 + "]", JUDGED),
    "40 walruses": (_nested("(y := ", ")", 40, "w"), JUDGED),
    "90 starred": (_nested("[*", "]", 90, "w"), JUDGED),
    "80 unpacked": (_nested("(", ",)", 80, "y") + " = w", JUDGED),
    "6 unpacked names to delete": ("del " + "(" * 6 + "y" + ",)" * 6, JUDGED),
    "80 unpacked names to delete": ("del " + "(" * 80 + "y" + ",)" * 80, GIVEN_UP),
    "80 unpacked targets": ("(" * 80 + "y" + ",)" * 80 + " = " + "(" * 80 + "w" + ",)" * 80, JUDGED),
    # libcst's parser takes twice as long for each bracket in a pattern.
    "5 patterns": ("match w:\n    case " + "[" * 5 + "y" + "]" * 5 + ":\n        pass", JUDGED),
    "5 class patterns": ("match w:\n    case " + "A(b=" * 5 + "y" + ")" * 5 + ":\n        pass", JUDGED),
    "80 patterns": ("match w:\n    case " + "[" * 80 + "y" + "]" * 80 + ":\n        pass", GIVEN_UP),
    "80 bracketed patterns": ("match w:\n    case " + "(" * 80 + "y" + ")" * 80 + ":\n        pass", GIVEN_UP),
    "80 class patterns": ("match w:\n    case " + "A(b=" * 80 + "y" + ")" * 80 + ":\n        pass", GIVEN_UP),
    "90 decorators inside one another": ("@" + "f(" * 90 + ")" * 90 + "\ndef f(): pass", JUDGED),
    "90 annotations": ("x: " + "list[" * 90 + "int" + "]" * 90 + " = w", JUDGED),
    # What Python's tree keeps flat and libcst's does not.
    "and of 800": ("x = " + " and ".join(["w"] * 800), JUDGED),
    "and of 20000": ("x = " + " and ".join(["w"] * 20_000), GIVEN_UP),
    "or of 20000 numbers": ("x = " + " or ".join(["0"] * 20_000), GIVEN_UP),
    "800 strings in a row": ("x = " + "'a' " * 800, JUDGED),
    "20000 strings in a row": ("x = " + "'a' " * 20_000, GIVEN_UP),
    "20000 strings on lines of their own": ("x = (\n" + "    'a'\n" * 20_000 + ")", GIVEN_UP),
    "800 f-strings in a row": ("x = " + "f'{w}' " * 800, JUDGED),
    "20000 f-strings in a row": ("x = " + "f'{w}' " * 20_000, GIVEN_UP),
    "name of 800 parts in an import": ("import a" + ".b" * 800, JUDGED),
    "name of 20000 parts in an import": ("import a" + ".b" * 20_000, GIVEN_UP),
    "name of 20000 parts to import from": ("from a" + ".b" * 20_000 + " import c", GIVEN_UP),
    "import from 5000 packages up": ("from " + "." * 5000 + " import c", JUDGED),
    "comparison of 5000": ("x = " + " < ".join(["w"] * 5000), JUDGED),
}

_WIDE: dict[str, str] = {
    "list of 100000 numbers": "x = [" + "1.5, " * 100_000 + "]",
    "tuple of 20000 numbers": "x = (" + "1, " * 20_000 + ")",
    "set of 20000 numbers": "x = {" + ", ".join(map(str, range(20_000))) + "}",
    "list of 5000 lists of numbers": "x = [" + "[1.0, 2.0, 3.0], " * 5000 + "]",
    "list of 5000 signed numbers": "x = [" + "-1.5, " * 5000 + "]",
    "list of 5000 names": "x = [" + "w, " * 5000 + "]",
    "dictionary of 20000 entries": "x = {" + "".join(f"'k{n}': {n}, " for n in range(20_000)) + "}",
    "dictionary of 5000 tensors": "x = {" + "".join(f"{n}: w, " for n in range(5000)) + "}",
    "string of a million characters": f"x = '{'a' * 1_000_000}'",
    "number of 4000 digits": "x = " + "9" * 4000,
    "number of 20000 digits in hexadecimal": "x = 0x" + "f" * 20_000,
    "name of 100000 characters": "n" * 100_000 + " = w",
    "comment of a million characters": "#" * 1_000_000,
    "100000 empty lines": "\n" * 100_000 + "x = w",
    "30000 comments": "# a comment\n" * 30_000 + "x = w",
    "20000 statements on one line": "x = w; " * 20_000,
    "10000 arguments": "x = tf.add_n(" + "w, " * 10_000 + ")",
    "10000 keywords": "x = dict(" + ", ".join(f"k{n}=w" for n in range(10_000)) + ")",
    "10000 parameters": "def f(" + ", ".join(f"p{n}=0" for n in range(10_000)) + "):\n    pass\nf(w)",
    "5000 targets": "x = " * 5000 + "w",
    "5000 names unpacked": ", ".join(f"x{n}" for n in range(5000)) + " = w",
    "3000 names imported": "from a import " + ", ".join(f"x{n}" for n in range(3000)),
    "3000 decorators": "@tf.function\n" * 3000 + "def f():\n    pass",
    "3000 handlers": "try:\n    x = w\n" + "except ValueError as e:\n    x = w\n" * 3000,
    "3000 cases": "match w:\n" + "".join(f"    case {n}:\n        x = w\n" for n in range(3000)),
    "3000 alternatives of a pattern": "match w:\n    case " + " | ".join(map(str, range(3000))) + ":\n        pass",
    "1000 contexts": "with " + ", ".join(["open('f') as f"] * 1000) + ":\n    x = w",
    "3000 functions": "".join(f"def f{n}(x):\n    return x\n" for n in range(3000)),
    "2000 functions with a tape": "".join(
        f"def f{n}(x):\n    with tf.GradientTape() as t:\n        t.watch(x)\n        y = x * x\n"
        "    return t.gradient(y, x)\n"
        for n in range(2000)
    ),
    "1000 classes that inherit": "class C0:\n    pass\n"
    + "".join(f"class C{n}(C{n - 1}):\n    pass\n" for n in range(1, 1000))
    + "x = C999().y",
    "1000 functions that call the next": "".join(f"def f{n}(x):\n    return f{n + 1}(x)\n" for n in range(1000))
    + "def f1000(x):\n    return x\nx = f0(w)",
    "200 tapes": "\n".join(
        f"with tf.GradientTape() as t{n}:\n    y = w * w\ng = t{n}.gradient(y, w)" for n in range(200)
    ),
    "90 tapes inside one another": _blocks("with tf.GradientTape(persistent=True) as t{n}:", 90, "y = w * w")
    + "\n"
    + "\n".join(f"g = t{n}.gradient(y, w)" for n in range(90)),
    "1000 requests to one tape": "with tf.GradientTape(persistent=True) as tape:\n    loss = w * w\n"
    + "g = tape.gradient(loss, w)\n" * 1000,
    "500 sources": _taped("pass").replace("loss, w", "loss, [" + "w, " * 500 + "]"),
}

_BLOCKS: dict[str, tuple[str, str]] = {
    "90 functions inside one another": (_blocks("def f{n}():", 90, "return w"), JUDGED),
    "90 classes inside one another": (_blocks("class C{n}:", 90, "x = w"), JUDGED),
    "90 for": (_blocks("for x{n} in w:", 90, "y = w"), CUT_SHORT),
    "90 while": (_blocks("while w:", 90, "y = w"), CUT_SHORT),
    "90 if": (_blocks("if w > {n}:", 90, "y = w"), JUDGED),
    "90 with": (_blocks("with open('f') as f{n}:", 90, "y = w"), JUDGED),
    "15 try": (
        "".join(" " * n + "try:\n" for n in range(15))
        + " " * 15
        + "y = w\n"
        + "".join(" " * n + "finally:\n" + " " * n + " y = w\n" for n in range(14, -1, -1)),
        JUDGED,
    ),
    "90 try": (
        "".join(" " * n + "try:\n" for n in range(90))
        + " " * 90
        + "y = w\n"
        + "".join(" " * n + "except E:\n" + " " * n + " y = w\n" for n in range(89, -1, -1)),
        JUDGED,
    ),
    "18 returns through finally": (
        "def f():\n"
        + "".join(" " * n + "try:\n" for n in range(1, 19))
        + " " * 19
        + "return w\n"
        + "".join(" " * n + "finally:\n" + " " * n + " return w\n" for n in range(18, 0, -1))
        + "f()",
        JUDGED,
    ),
    "40 match": ("".join(f"{'  ' * n}match w:\n{'  ' * n} case 1:\n" for n in range(40)) + "  " * 40 + "y = w", JUDGED),
}


def _long_function(lines: int) -> str:
    """A function as long as that, taped from its first line to its last."""
    body = "".join(f"        x{n % 50} = tf.tanh(x{(n + 7) % 50}) + w\n" for n in range(lines - 60))
    start = "".join(f"        x{n} = w * {n}.5\n" for n in range(50))
    return (
        "def long(w):\n    with tf.GradientTape() as tape:\n        tape.watch(w)\n"
        + start
        + body
        + "        loss = tf.reduce_sum(x0 + x1)\n    return tape.gradient(loss, w)\n"
    )


def programs() -> list[Hostile]:
    """All of them, each at the top of a module; the expressions under a tape as well."""
    found = [between(name, part, outcome) for name, (part, outcome) in (_DEEP | _BLOCKS).items()]
    found += [
        between(f"{name}, taped", _taped(part + "\n" + "loss = loss + tf.reduce_sum(x)\n"), outcome)
        for name, (part, outcome) in _DEEP.items()
        if part.startswith("x = ") and outcome == JUDGED
    ]
    found += [between(name, part) for name, part in _WIDE.items()]
    found.append(between("function of 20000 lines", _long_function(20_000)))
    found.append(between("function of 20000 lines, called", _long_function(20_000) + "long(tf.Variable(2.0))\n"))
    found.append(Hostile("100000 lines before the first import", "\n" * 100_000 + BEFORE + AFTER))
    return found
