"""Finds out how to call a callable: expressions for its parameters, from names, documentation and trial."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

from tools.measure.names import Parameter, Target

Call = dict[str, str]

#: Stands for a floating-point tensor; all of one call are given the same of SHAPES.
FLOAT = "FLOAT"
#: Stands for a list of such tensors.
FLOATS = "FLOATS"
#: The same, of the type whose method is called.
SELF = "SELF"
SHAPES = (
    *(
        "f(4, 4)",
        "f(4)",
        "f()",
        "f(2, 4, 4)",
        "f(1, 8, 8, 3)",
        "spd(4)",
        "f(2, 3)",
        "f(3)",
        "f(1, 8, 3)",
        "f(1, 6, 8, 8, 3)",
    ),
    *("f(16)", "f(2, 16)", "f(1, 1, 8, 16)", "u(8, 8, 3)", "sparse()", "ragged()", "f(1, 2, 3, 4, 4)"),
)
_COMPOSITE = ("sparse()", "ragged()")
#: Candidates by parameter name: the first pattern that fits the whole name is used.
_BY_NAME: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"dims", ("[2, 3]", "0")),
    (r"axis|axes|dim|batch_axis|reduction_indices|channel_axis", ("0", "-1", "1", "[0]", "[1, 0]")),
    (r"perm", ("[1, 0]",)),
    (r"axis1|source", ("0",)),
    (r"axis2|destination", ("1",)),
    (r"(data_)?format|data_format", ("'NHWC'", "'channels_last'")),
    (r"shape|newshape|new_shape|target_shape|size_splits", ("[2, 8]", "[4, 4]", "[4]", "(4, 4)")),
    (r"output_shape|out_shape", ("[4, 4]", "[1, 8, 8, 3]", "[1, 16, 16, 3]")),
    (r"dtype|type|out_type|output_type|Tout", ("'float32'", "'int32'")),
    (r"seed", ("[1, 2]", "1")),
    (r"num_segments|num_bins|num_classes|num_lower|num_upper", ("4", "1", "ints(4)")),
    (r"segment_ids", ("ints([0, 0, 1, 2])", "ints([0, 0, 1])")),
    (
        r"indices|index|ids|indx",
        ("ints([0, 2, 1])", "ints([[0, 1], [2, 2]])", "ints([[0], [2]])", "ints(1)", "longs([[0]])"),
    ),
    (
        r"k|n|num|depth|N|M|count|repeats|shift|shifts|reps|multiples",
        ("2", "ints([1, 2])", "[1, 2]", "ints(2)", "4"),
    ),
    (r"num_or_size_splits|indices_or_sections|sections", ("2", "[1, 3]")),
    (
        r"paddings|pad_width|padding_values",
        ("[[1, 1], [0, 2]]", "[[0, 0], [1, 1], [1, 1], [0, 0]]", "[[1, 1]]", "2"),
    ),
    (r"padding", ("'SAME'", "'VALID'", "'same'", "2", "[[0, 0], [1, 1], [1, 1], [0, 0]]")),
    (r"strides?", ("1", "2", "[1, 1, 1, 1]", "[1, 1, 1, 1, 1]")),
    (r"rate", ("0.4", "2", "[1, 2, 2, 1]", "u()")),
    (r"dilations?|rates|dilation_rate", ("1", "2", "[1, 1, 1, 1]", "u()")),
    (
        r"ksize|pool_size|window_shape|kernel_size|window_size|size_",
        ("2", "[1, 2, 2, 1]", "[1, 2, 2, 2, 1]", "[2]"),
    ),
    (r"block_size|block_shape|upscale_factor", ("2", "[2, 2]")),
    (r"crops", ("[[0, 0], [0, 0]]",)),
    (r"size", ("[4, 4]", "4", "ints([2, 2])", "[2]")),
    (r"begin", ("[0, 1]", "[1]", "[0]")),
    (
        r"mask|where|loss_mask|condition|cond|predicate|pred",
        ("mask(4, 4)", "mask(4)", "bools(True)", "mask(2, 3)"),
    ),
    (
        r"tensors|inputs|values|arrays|value_list|operands|t_list|xs|matrices|operators|list_of_.*|arys|seq|tup",
        (FLOATS, FLOAT, "(FLOAT, FLOAT)"),
    ),
    (r"args|arys|xi|tensors_|operands_|xs_", (FLOATS,)),
    (r"equation|subscripts|einsum_str", ("'ij,jk->ik'", "'ij->i'", "'ij,jk'")),
    (
        r"(y_)?(true|labels?|targets?)",
        (FLOAT, "ints([0, 2, 1, 3])", "ints([0, 1])", "longs([[0], [1]])", "prob(4, 4)"),
    ),
    (
        r"lengths?|maxlen|.*_len(gth)?s?|sequence_lengths?|row_lengths",
        ("ints([2, 3, 1, 4])", "4", "ints([2, 1])", "ints(4)"),
    ),
    (r"frame_length|fft_length|frame_step|window_length|sequence_stride", ("4", "[4]")),
    (r"boundaries|bins|edges|bin_edges", ("[0.1, 0.5, 0.9]", "ordered(4)", "4", "[0.1, 0.5]")),
    (r"value_range|nbins_range", ("[0.0, 1.0]", "u(2)")),
    (r"limit|stop", (FLOAT, "ints(4)", "4")),
    (
        r"bandwidth|target_height|target_width|offset_height|offset_width|new_height|new_width",
        ("4", "2", "1"),
    ),
    (r"low|high|minval|maxval|lower|upper|start|end", (FLOAT, "1", "4")),
    (r"mode|method|interpolation|reduction|name_", ("'constant'", "'bilinear'", "'CONSTANT'", "'sum'")),
    (r"central_fraction", ("0.5",)),
    (r"cluster_center|dims_to_alloc", ("4",)),
    (r"dtypes?_", ("'float32'",)),
    (
        r"name|rounds|axis_name|summarize|message|keep_?dims|use_locking|trainable|import_scope|validate_\w+",
        ("None",),
    ),
    (r"colocate_\w+|gradient_multiplier_|swap_memory|parallel_iterations|layout|side|direction", ("None",)),
    (
        r"num_samples|samples|sample_weight_mode|num_sampled|num_true|num_blocks|num_columns|num_rows",
        ("3", "4", "1"),
    ),
)
BY_NAME = tuple((re.compile(pattern), candidates) for pattern, candidates in _BY_NAME)
_INTS = ("ints([0, 2, 1, 3])", "1", "2", "[1, 2]", "ints([[0, 1], [2, 3]])", "ints(2)", "longs([0, 2, 1, 3])")
_BOOLS = ("mask(4, 4)", "mask(4)", "True")
_STRINGS = ("strings('a', 'bc', 'd')", "strings('ab cd')", "'a'")
#: How many combinations of candidates are tried for every shape, round by round.
_LIMITS = (1, 6, 30)


def documented(target: Target, name: str) -> str:
    """What the documentation says of a parameter, on one line."""
    match = re.search(
        rf"^\s*\*?\*?{re.escape(name)}\s*:\s+(.*?)(?=^\s*\*?\*?\w+\s*:\s|^\s*\w+:$|^\s*$|\Z)",
        target.documentation,
        re.MULTILINE | re.DOTALL,
    )
    return " ".join(match[1].split()) if match else ""


def kind_of(text: str) -> str:
    """``float``, ``int``, ``bool``, ``string``, ``list`` or nothing, from a documentation text."""
    low = text.lower()
    listed = re.search(r"must be one of the following types: ([^.]*)\.", low)
    if listed:
        if re.search(r"half|float32|complex", listed[1]):
            return "float"
        return "int" if "int" in listed[1] else "string"
    if re.match(r"(a |an )?(python )?(non-empty )?(list|sequence|tuple) of (at least .* )?`?tensor", low):
        return "list"
    first = low[:120]
    if re.search(r"\bbool", first) and "float" not in first:
        return "bool"
    if re.search(r"\bstring|`str`", first) and "tensor" not in first[:20]:
        return "string"
    if re.search(r"float|numeric|real|complex|same type|same shape", first):
        return "float"
    if re.search(r"\bint(eger|32|64)?\b|integers", first):
        return "int"
    return "string" if "type string" in first or "`string`" in first else "float" if "tensor" in first else ""


def candidates(target: Target, parameter: Parameter) -> tuple[str, ...]:
    """Expressions to try for a required parameter, the likeliest first."""
    if parameter.name in target.candidates:
        return target.candidates[parameter.name]
    if parameter.name == "self":
        return (SELF,) if target.name.startswith("tf.Variable.") else (FLOAT,)
    if target.library in ("python", "copy"):
        return (FLOAT, "ints(4)")
    for pattern, found in BY_NAME:
        if pattern.fullmatch(parameter.name):
            if target.library == "numpy":
                found = (FLOAT, *found) if FLOATS not in found else found
            return found if FLOAT in found or FLOATS in found else (*found, FLOAT)
    if parameter.kind == "var_positional":
        return (FLOATS,)
    kind = kind_of(documented(target, parameter.name)) if target.library != "numpy" else ""
    others = {"int": _INTS, "bool": _BOOLS, "string": _STRINGS, "list": (FLOATS,)}.get(kind, ())
    if kind in ("bool", "string") and re.search(r"numeric|float|number", documented(target, parameter.name)):
        return (FLOAT, *others)
    if kind in ("int", "bool", "string"):
        return (*others, FLOAT)
    return (
        *others,
        FLOAT,
        FLOATS,
        *(_INTS[:3] if kind != "float" else _INTS[:2]),
        *_BOOLS[:1],
        *_STRINGS[:1],
    )


def fill(expression: str, shape: str) -> str:
    """An expression with the call's shape in place of FLOAT and FLOATS."""
    own = shape.replace("f(", "v(", 1) if shape.startswith("f(") else "v(4, 4)"
    return expression.replace(SELF, own).replace(FLOATS, f"[{shape}, {shape}]").replace(FLOAT, shape)


def _combinations(lists: list[tuple[str, ...]], limit: int) -> Iterator[tuple[str, ...]]:
    """Combinations in which the fewest parameters leave their first candidate come first."""
    ranges = [range(len(found)) for found in lists]
    ordered = sorted(itertools.islice(itertools.product(*ranges), 20_000), key=lambda indexes: (sum(indexes), indexes))
    for indexes in ordered[:limit]:
        yield tuple(found[index] for found, index in zip(lists, indexes, strict=True))


def calls(target: Target) -> Iterator[tuple[Call, str]]:
    """Calls to try with the required parameters only, the likeliest first: a template and a shape for it."""
    needed = [p for p in target.parameters if p.required]
    if not needed:
        needed = [p for p in target.parameters if p.kind == "var_positional"][:1]
    if not needed:
        yield {}, SHAPES[0]
        return
    lists = [candidates(target, parameter) for parameter in needed]
    seen: set[tuple[str, ...]] = set()
    for limit in _LIMITS:
        for shape in _shapes(target):
            if shape in _COMPOSITE and shape[:5] not in target.name:
                continue
            for combination in _combinations(lists, limit):
                filled = tuple(fill(expression, shape) for expression in combination)
                if filled not in seen:
                    seen.add(filled)
                    yield (
                        {parameter.name: text for parameter, text in zip(needed, combination, strict=True)},
                        shape,
                    )


def _shapes(target: Target) -> tuple[str, ...]:
    """The shapes in the order in which they make sense for a namespace."""
    if "linalg" in target.name or target.name.endswith(("logdet", "slogdet", "cholesky")):
        return ("spd(4)", *SHAPES)
    if ".image." in target.name:
        return ("u(1, 8, 8, 3)", "u(8, 8, 3)", *SHAPES)
    return SHAPES


def filled(template: Call, shape: str) -> Call:
    """A template with the shape put in."""
    return {name: fill(expression, shape) for name, expression in template.items()}


def optional(target: Target, parameter: Parameter, base: Call, try_call: Callable[[Call], bool]) -> Call | None:
    """The base call with one optional parameter more, given as a floating-point tensor; ``None`` if it takes none."""
    if target.library == "raw_ops":
        return None  # attributes only, and these are never tensors
    if parameter.required or parameter.name in base or parameter.kind.startswith("var"):
        return None
    value = parameter.value
    if isinstance(value, bool | str | tuple | list) or parameter.default == "...":
        return None
    if any(p.fullmatch(parameter.name) and FLOAT not in found and FLOATS not in found for p, found in BY_NAME):
        return None
    if isinstance(value, int | float):
        tries: tuple[str, ...] = (f"near({value!r})",)
    else:
        kind = kind_of(documented(target, parameter.name))
        if kind in ("int", "bool", "string") or "optional name" in documented(target, parameter.name).lower():
            return None
        shapes = [text for text in base.values() if re.fullmatch(r"[a-z]+\([^()]*\)", text)]
        tries = tuple(dict.fromkeys([*shapes[:1], "f()", "f(4)", "f(4, 4)", "f(3)"]))
    for expression in tries:
        call = {**base, parameter.name: expression}
        if try_call(call):
            return call
    return None
