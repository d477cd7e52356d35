"""Repairs of what a tape watches and records."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst
import libcst.matchers as m

from tfgradlint.analysis.results import Edit, Fix, Position
from tfgradlint.fixing.code import Code
from tfgradlint.fixing.scene import Scene

#: Statements that may be recorded by a tape as well as not.
_PLAIN = (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Expr, cst.Pass)
_REQUESTS = m.Call(
    func=m.Attribute(
        attr=m.OneOf(*map(m.Name, ("gradient", "jacobian", "batch_jacobian", "apply_gradients", "apply", "minimize")))
    )
)
_WATCHES = m.SimpleStatementLine(body=[m.Expr(m.Call(func=m.Attribute(attr=m.Name("watch"))))])
#: More statements than these are not moved.
_FEW = 20


def watch(scene: Scene, grade: str = "safe") -> Fix | None:
    """Let the tape watch the sources from where they are there, first thing in the block."""
    asking, lost = scene.asking, scene.lost
    tape = scene.tape_of(asking) if asking is not None else None
    if tape is None or not lost or not all(map(_is_path, lost)):
        return None
    names = [scene.code.source(each) for each in lost]
    text = f"{tape.name}.watch({names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'})"
    edit = _early(scene.code, tape.block, lost, text)
    return Fix(grade, f"add {text} before the tape records", (edit,)) if edit is not None else None


def watch_earlier(scene: Scene) -> Fix | None:
    """Move a call of ``watch`` to where the tape has recorded nothing yet."""
    call = scene.call
    statement = scene.code.statement(call) if call is not None else None
    tape = scene.tape_of(call) if call is not None else None
    if tape is None or statement is None or not m.matches(statement, m.SimpleStatementLine(body=[m.Expr(m.Call())])):
        return None
    assert call is not None
    _, lines = scene.code.lines(statement, statement)
    if len(scene.code.block(statement)) < 2 or not call.args or not _is_path(call.args[0].value) or len(lines) > 1:
        return None
    edit = _early(scene.code, tape.block, [call.args[0].value], lines[0].strip())
    if edit is None:
        return None
    return Fix("safe", "watch it before the tape records", (edit, scene.code.remove(statement)))


def keep(scene: Scene) -> Fix | None:
    """Make a tape persistent, so that it can be asked again."""
    asking = scene.asking
    tape = scene.tape_of(asking) if asking is not None else None
    # where the tape comes from elsewhere it is clear which one it is if there is only one
    all_made = [tape.made] if tape is not None else scene.code.calls("GradientTape")
    if len(all_made) != 1:
        return None
    made = all_made[0]
    old = next((each for each in made.args if each.keyword is not None and each.keyword.value == "persistent"), None)
    if old is not None:
        edit = scene.code.replace(old.value, "True")
    elif made.args:
        edit = scene.code.append(made.args[-1].value, ", persistent=True")
    else:
        edit = scene.code.replace(made, f"{scene.code.source(made.func)}(persistent=True)")
    return Fix("safe", "make the tape persistent", (edit,))


def record(scene: Scene) -> Fix | None:
    """Let a tape record steps that stand just before or just behind its block."""
    asking = scene.asking
    tape = scene.tape_of(asking) if asking is not None else None
    if tape is None or asking is None or not isinstance(tape.block.body, cst.IndentedBlock):
        return None
    block = scene.code.block(tape.block)
    if tape.block not in block:
        return None
    places = [at for at, statement in enumerate(block) if _takes(scene, statement)]
    entered = block.index(tape.block)
    if places and places[0] < entered:
        return _raise_header(scene.code, tape.block, block[places[0] : entered])
    asked = next((block.index(each) for each in scene.code.above(asking) if each in block), len(block))
    last = asked if asked > entered else max(places, default=entered) + 1
    return _draw_in(scene.code, tape.block, block[entered + 1 : last])


def _takes(scene: Scene, statement: cst.BaseStatement) -> bool:
    """Whether a statement takes a step on the way to the target, or calls the function that takes the lost one."""
    if statement is scene.site.statement or any(each.statement is statement for each in scene.behind):
        return isinstance(statement, cst.SimpleStatementLine)
    holder = scene.code.scope(scene.site.statement) if scene.site.statement is not None else None
    if not isinstance(holder, cst.FunctionDef) or not isinstance(statement, cst.SimpleStatementLine):
        return False
    return bool(scene.code.calls(holder.name.value, statement))


def _draw_in(code: Code, tape: cst.With, behind: Sequence[cst.BaseStatement]) -> Fix | None:
    if not _movable(behind):
        return None
    deeper = _deeper(code, tape)
    # with the comments before them
    start, lines = code.lines(tape, behind[-1])
    start, lines = start + code.height(tape), lines[code.height(tape) :]
    edits = [Edit(Position(start + row, 1, start + row, 1), deeper) for row, line in enumerate(lines) if line.strip()]
    return Fix("safe", "record it: move it into the tape's block", tuple(edits))


def _raise_header(code: Code, tape: cst.With, before: Sequence[cst.BaseStatement]) -> Fix | None:
    # what is watched first thing stays first
    first = next((each for each in tape.body.body if not m.matches(each, _WATCHES)), None)
    if first is None:
        return None
    moved = set().union(*(_bound(code, each) for each in before))
    early = [*m.findall(tape.items[0], m.Name()), *(name for each in tape.body.body for name in _watched(each))]
    if moved & set(map(code.source, early)):
        return None  # what the header, or a watch, needs would not be there yet
    header, head = code.lines(tape, tape)
    head = head[: code.position(first).line - header]
    if not _movable(before) or len(tape.items) != 1 or not head:
        return None
    deeper = _deeper(code, tape)
    start, lines = code.lines(before[0], tape)
    lines = lines[: header - start]
    edits = [Edit(Position(start, 1, start, 1), "".join(f"{line}\n" for line in head))]
    edits += [Edit(Position(start + row, 1, start + row, 1), deeper) for row, line in enumerate(lines) if line.strip()]
    edits.append(Edit(Position(header, 1, header + len(head), 1), ""))
    # both begin at the same place: one edit
    edits[:2] = [Edit(edits[0].position, edits[0].text + edits[1].text)]
    return Fix("safe", "record it: enter the tape before it", tuple(edits))


def _watched(statement: cst.CSTNode) -> list[cst.CSTNode]:
    """The names in the calls of ``watch`` that a statement is."""
    return list(m.findall(statement, m.Name())) if m.matches(statement, _WATCHES) else []


def _movable(statements: Sequence[cst.BaseStatement]) -> bool:
    """Whether these statements only compute: none asks for gradients, ends a block, or has a text over lines."""
    return 0 < len(statements) <= _FEW and all(
        isinstance(each, cst.SimpleStatementLine)
        and all(isinstance(small, _PLAIN) for small in each.body)
        and not m.findall(each, _REQUESTS)
        and not _has_long_text(each)
        for each in statements
    )


def _has_long_text(statement: cst.BaseStatement) -> bool:
    texts = m.findall(statement, m.SimpleString() | m.FormattedString())
    return any("\n" in cst.Module([]).code_for_node(each) for each in texts)


def _deeper(code: Code, holder: cst.With) -> str:
    return code.indent(holder.body.body[0])[len(code.indent(holder)) :]


def _early(code: Code, tape: cst.With, sources: Sequence[cst.BaseExpression], line: str) -> Edit | None:
    """A line in a tape's block, first, or behind the last statement that binds a source's name."""
    if not isinstance(tape.body, cst.IndentedBlock):
        return None
    names = set(map(code.source, sources))
    binding = [each for each in tape.body.body if names & _bound(code, each)]
    if not binding:
        return code.insert_before(tape.body.body[0], line)
    return code.insert_after(binding[-1], line) if isinstance(binding[-1], cst.SimpleStatementLine) else None


def _bound(code: Code, statement: cst.CSTNode) -> set[str]:
    targets = m.findall(
        statement, m.AssignTarget() | m.AnnAssign() | m.AugAssign() | m.For() | m.NamedExpr() | m.AsName()
    )
    bound: set[str] = set()
    for each in targets:
        target = each.name if isinstance(each, cst.AsName) else each.target  # type: ignore[attr-defined]
        elements = target.elements if isinstance(target, (cst.Tuple, cst.List)) else ()
        bound.update(map(code.source, [target, *(element.value for element in elements)]))
    return bound


def _is_path(node: cst.BaseExpression | None) -> bool:
    """A name, or attributes of one: it means the same wherever it is written."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)
