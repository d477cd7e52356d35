"""Repairs of what leaves TensorFlow: how far a value goes that becomes a tensor."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tfgradlint.analysis.results import Fix
from tfgradlint.fixing.code import Code
from tfgradlint.fixing.scene import Scene

_OPERATORS = (
    cst.BinaryOperation,
    cst.UnaryOperation,
    cst.Comparison,
    cst.ComparisonTarget,
    cst.IfExp,
    cst.Element,
    cst.Tuple,
    cst.List,
    cst.Subscript,
)
_TESTS = (cst.If, cst.While, cst.Assert, cst.BooleanOperation)
_REQUESTS = frozenset({"gradient", "jacobian", "batch_jacobian", "watch"})


def tensor(scene: Scene, expression: cst.BaseExpression, text: str, title: str) -> Fix:
    """Write a tensor where a value of Python or NumPy stands. It is safe where nobody outside can tell."""
    if stays(scene.code, expression):
        return Fix("safe", title, (scene.code.replace(expression, text),))
    kept = [scene.code.append(each, ".numpy()") for each in _uses_of_arrays(scene.code, expression)]
    return Fix("unsafe", title, (scene.code.replace(expression, text), *kept), beside=bool(kept))


def _uses_of_arrays(code: Code, expression: cst.BaseExpression) -> list[cst.Name]:
    """Where the name that a value is given goes straight into another library's function: that wants an array."""
    holder = code.parent(expression)
    if not isinstance(holder, cst.Assign) or len(holder.targets) != 1:
        return []
    target = holder.targets[0].target
    if not isinstance(target, cst.Name) or len(_assigned(code, target)) != 1:
        return []
    names = [each for each in m.findall(code.scope(target), m.Name(target.value)) if isinstance(each, cst.Name)]
    return [each for each in names if not _bound(code, each) and _into_an_array(code, each)]


def _assigned(code: Code, target: cst.Name) -> list[cst.CSTNode]:
    names = m.findall(code.scope(target), m.Name(target.value))
    return [each for each in names if isinstance(code.parent(each), (cst.AssignTarget, cst.AugAssign, cst.AnnAssign))]


def _into_an_array(code: Code, name: cst.Name) -> bool:
    argument = code.parent(name)
    call = code.parent(argument) if isinstance(argument, cst.Arg) and not argument.star else None
    return isinstance(call, cst.Call) and code.source(call.func).startswith(_ARRAYS)


#: The functions of NumPy and its kin, as they are usually called.
_ARRAYS = ("np.", "numpy.", "onp.", "scipy.", "plt.")


def stays(code: Code, expression: cst.CSTNode, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a value goes nowhere but into TensorFlow, tests and what is printed."""
    child: cst.CSTNode = expression
    holder = code.parent(child)
    while isinstance(holder, _OPERATORS):
        if isinstance(holder, cst.Subscript) and holder.value is not child:
            return False
        child, holder = holder, code.parent(holder)
    if isinstance(holder, cst.Arg):
        call = code.parent(holder)
        return isinstance(call, cst.Call) and _takes_tensors(code, call)
    if isinstance(holder, cst.FormattedStringExpression):
        return holder.format_spec is None
    if isinstance(holder, cst.Assign):
        return all(_name_stays(code, each.target, seen) for each in holder.targets)
    if isinstance(holder, cst.AugAssign):
        return holder.value is child and _name_stays(code, holder.target, seen)
    return isinstance(holder, (*_TESTS, cst.Expr))


def _takes_tensors(code: Code, call: cst.Call) -> bool:
    if isinstance(call.func, cst.Attribute) and call.func.attr.value in _REQUESTS:
        return True
    name = code.source(call.func)
    return name == "print" or (code.tensorflow is not None and name.startswith(f"{code.tensorflow}."))


def _name_stays(code: Code, target: cst.BaseExpression, seen: frozenset[str]) -> bool:
    if not isinstance(target, cst.Name):
        return False
    if target.value in seen:
        return True
    scope = code.scope(target)
    if not isinstance(scope, cst.FunctionDef):
        return False  # a module's names are everybody's
    names = m.findall(scope, m.Name(target.value))
    return all(
        isinstance(name, cst.Name) and (_bound(code, name) or stays(code, name, seen | {target.value}))
        for name in names
    )


def _bound(code: Code, name: cst.Name) -> bool:
    """Whether a name is written there, or is the word before a value, and no use of it."""
    holder = code.parent(name)
    if isinstance(holder, cst.Arg):
        return holder.keyword is name
    if isinstance(holder, cst.Attribute):
        return holder.attr is name
    if isinstance(holder, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign)):
        return holder.target is name
    return False


def undone(scene: Scene) -> Fix | None:
    """Go on with the tensor whose value was taken, or with TensorFlow's function for one of Python's."""
    code, call = scene.code, scene.call
    if call is None or any(each.star or each.keyword for each in call.args):
        return None
    function = call.func
    if isinstance(function, cst.Attribute) and not call.args and function.attr.value in ("numpy", "item"):
        inner = function.value
    elif len(call.args) == 1 and (code.source(function) == "float" or _fetches(code.source(function))):
        inner = call.args[0].value
    else:
        return _mathematical(scene, call)
    return tensor(scene, call, code.in_place_of(call, inner), "go on with the tensor")


def _fetches(function: str) -> bool:
    return function.rpartition(".")[2] in ("get_value", "convert_to_numpy")


def _mathematical(scene: Scene, call: cst.Call) -> Fix | None:
    from tfgradlint.fixing.counterparts import MATH_COUNTERPARTS

    code = scene.code
    module, _, name = code.source(call.func).rpartition(".")
    known = MATH_COUNTERPARTS.get(name, "").removeprefix("tf.").removesuffix("()")
    if module != "math" or not known or len(call.args) != 1 or code.tensorflow is None or name == "fsum":
        return None
    text = f"{code.tensorflow}.{known}({code.source(call.args[0].value)})"
    return tensor(scene, call, text, f"use {code.tensorflow}.{known}()")


def initial(scene: Scene) -> Fix | None:
    """Go on with the tensor that a variable was made of."""
    call = scene.call
    given = scene.argument(call, 0, "initial_value") if call is not None else None
    names = {each.keyword.value for each in call.args if each.keyword is not None} if call is not None else set()
    if call is None or given is None or not names <= {"initial_value", "name", "trainable"}:
        return None
    text = scene.code.in_place_of(call, given.value)
    if isinstance(given.value, (cst.Name, cst.Attribute, cst.Subscript)):
        # what is written into the one must not reach the other
        if scene.code.tensorflow is None:
            return None
        text = f"{scene.code.tensorflow}.identity({text})"
    return Fix("unsafe", "go on with the tensor", (scene.code.replace(call, text),))


def called(scene: Scene) -> Fix | None:
    """Call a model in the place of ``predict``."""
    call = scene.call
    given = scene.argument(call, 0, "x") if call is not None else None
    if call is None or given is None or not isinstance(call.func, cst.Attribute):
        return None
    model = scene.code.source(call.func.value)
    text = f"{model}({scene.code.source(given.value)}, training=False)"
    return Fix("unsafe", f"call {model}", (scene.code.replace(call, text),))


def floating(scene: Scene) -> Fix | None:
    """Write the whole numbers that a source is made of as floating ones."""
    call = scene.call
    given = scene.argument(call, 0, "initial_value", "value") if call is not None else None
    if (
        call is None
        or given is None
        or not m.matches(call.func, m.Attribute(attr=m.Name("Variable") | m.Name("constant")))
    ):
        return None
    others = {each.keyword.value for each in call.args if each.keyword is not None} - {"initial_value", "value"}
    if "dtype" in others or len([each for each in call.args if each.keyword is None]) > 1:
        return None
    numbers = _numbers(given.value)
    if not numbers:
        return None
    edits = tuple(scene.code.replace(each, f"{each.value}.0") for each in numbers)
    return Fix("unsafe", "make it a floating number", edits)


def _numbers(value: cst.BaseExpression) -> list[cst.Integer]:
    """The numbers of a display; none where something else stands in it."""
    if isinstance(value, cst.Integer):
        return [value] if value.value.isdecimal() else []
    if isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Minus):
        return _numbers(value.expression)
    if isinstance(value, (cst.List, cst.Tuple)):
        parts = [_numbers(each.value) for each in value.elements]
        return [number for part in parts for number in part] if all(parts) else []
    return []


def of_keras(scene: Scene) -> Fix | None:
    """Make a variable of Keras in the place of one of TensorFlow."""
    statement, tensorflow = scene.site.statement, scene.code.tensorflow
    if not isinstance(statement, cst.SimpleStatementLine) or tensorflow is None or len(statement.body) != 1:
        return None
    small = statement.body[0]
    made = small.value if isinstance(small, (cst.Assign, cst.AnnAssign)) else None
    if not isinstance(made, cst.Call) or scene.code.source(made.func) != f"{tensorflow}.Variable":
        return None
    named = {each.keyword.value for each in made.args if each.keyword is not None}
    if not made.args or made.args[0].keyword is not None or not named <= {"name", "trainable", "dtype"}:
        return None
    edit = scene.code.replace(made.func, f"{tensorflow}.keras.Variable")
    return Fix("unsafe", "make it a variable of Keras", (edit,))
