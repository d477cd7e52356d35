"""Draws the flow graph of a real finding: what the interpreter found out about the example of a rule, as an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tfgradlint.analysis.findings import findings_of
from tfgradlint.analysis.parsed import parsed
from tfgradlint.analysis.positions import Places
from tfgradlint.evidence.prove import examples
from tfgradlint.flow.graph.nodes import Effect, Node
from tfgradlint.flow.machine.modules import Module
from tfgradlint.flow.python.interpreter import Interpreter
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.verdict.reports import Reports
from tfgradlint.knowledge import versions
from tfgradlint.libraries.session import Session
from tfgradlint.libraries.world import LibraryModels
from tfgradlint.rules.base import Rule

_STEPS = 100_000
_CHARACTER, _BOX, _ROW, _GAP, _MARGIN, _LEGEND = 7.3, 40, 84, 24, 24, 96
_STYLE = """
  text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1f2937; }
  .small { font-size: 11px; fill: #6b7280; }
  .box { stroke-width: 1.5; }
  .variable { fill: #dbeafe; stroke: #2563eb; }
  .recorded { fill: #dcfce7; stroke: #16a34a; }
  .outside { fill: #f3f4f6; stroke: #9ca3af; }
  .flows { stroke: #16a34a; stroke-width: 2.5; }
  .idle { stroke: #9ca3af; stroke-width: 1.5; }
  .plain { stroke: #9ca3af; stroke-width: 1.5; stroke-dasharray: 5 4; }
  .broken { stroke: #dc2626; stroke-width: 3; }
  .cross { stroke: #dc2626; stroke-width: 4; stroke-linecap: round; }
  .told { fill: #dc2626; }
"""
_LEGENDS = (
    ("flows", "the gradient can pass"),
    ("idle", "leads to no source"),
    ("plain", "no tensor: the tape sees nothing"),
    ("broken", "the gradient is lost"),
)


@dataclass(frozen=True, slots=True)
class Box:
    """A node of the graph as it is drawn: ``x`` is its middle, ``y`` its upper edge."""

    node: Node
    label: str
    place: str
    x: float
    y: float

    @property
    def width(self) -> float:
        return _width(self.label)


def picture(rule: Rule) -> str:
    """The graph behind the first finding in the rule's example."""
    programs = examples(rule)
    assert programs is not None
    text = programs[0].text
    own = parsed(text)
    session = Session(versions.name(versions.newest()))
    main = Module("__main__", own.module, own.prescan)
    interpreter = Interpreter(main, LibraryModels(session), Reports(), _STEPS)
    interpreter.keep(session)
    interpreter.run()
    places = Places(own)
    reason = next(
        judgement.reason
        for site in interpreter.reports.sites.values()
        for row in site.evaluations
        for judgement in row
        if judgement.reason is not None and judgement.reason.above
    )
    finding = findings_of(interpreter, places).findings[0]
    nodes = sorted(ancestors([reason.above[0]]), key=lambda node: node.seq)
    boxes = _laid_out(nodes, places)
    told = f"{finding.code} on line {finding.position.line}: {finding.message}"
    return _svg(list(boxes.values()), _edges(boxes, reason.above[-1]), told, rule.code)


def _laid_out(nodes: Sequence[Node], places: Places) -> dict[Node, Box]:
    """Every node below what it was computed from, and as near to the middle of it as there is room."""
    rows: dict[int, list[Node]] = {}
    depth: dict[Node, int] = {}
    for node in nodes:
        depth[node] = max((depth[edge.node] + 1 for edge in node.edges), default=0)
        rows.setdefault(depth[node], []).append(node)
    boxes: dict[Node, Box] = {}
    for row, members in sorted(rows.items()):
        right = 0.0
        for node in members:
            label, place = _label(node, places), f"line {places.position(node.site).line}"
            half = _width(label) / 2
            inputs = [boxes[edge.node].x for edge in node.edges]
            x = max(sum(inputs) / len(inputs) if inputs else 0.0, right + half)
            right = x + half + _GAP
            boxes[node] = Box(node, label, place, x, float(row * _ROW))
    return boxes


def _label(node: Node, places: Places) -> str:
    expression = node.site.expression
    return " ".join(places.code(expression).split()) if expression is not None else "?"


def _width(label: str) -> float:
    return round(len(label) * _CHARACTER + 24, 1)


def _edges(boxes: dict[Node, Box], broken: Node) -> list[tuple[Box, Box, str]]:
    """From each input to what was computed from it, and how the edge is drawn."""
    drawn = []
    for node, box in boxes.items():
        for edge in node.edges:
            above = boxes[edge.node]
            tracked = edge.node.variable is not None or bool(edge.node.recorded)
            kind = "idle"
            if node is broken and edge.cause is not None:
                kind = "broken"
            elif edge.effect is Effect.PLAIN:
                kind = "plain"
            elif edge.effect is Effect.FLOWS and tracked:
                kind = "flows"
            drawn.append((above, box, kind))
    return drawn


def _svg(boxes: list[Box], edges: list[tuple[Box, Box, str]], told: str, code: str) -> str:
    left = min(box.x - box.width / 2 for box in boxes) - _MARGIN
    right = max(max(box.x + box.width / 2 for box in boxes), left + 2 * _MARGIN + len(told) * _CHARACTER) + _MARGIN
    bottom = max(box.y for box in boxes) + _BOX + _MARGIN
    width, height = right - left, bottom + _MARGIN + _LEGEND
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.1f} {-_MARGIN} {width:.1f} {height:.1f}" role="img">',
        f"<title>The flow graph of the example of {code}</title>",
        f"<desc>{escape(told)}</desc>",
        f"<style>{_STYLE}</style>",
        f'<rect x="{left:.1f}" y="{-_MARGIN}" width="{width:.1f}" height="{height:.1f}" rx="8" fill="#ffffff"/>',
    ]
    for above, below, kind in edges:
        parts += _line(above, below, kind)
    for box in boxes:
        parts += _drawn(box)
    parts.append(f'<text class="told" x="{left + _MARGIN:.1f}" y="{bottom + 8:.1f}">{escape(told)}</text>')
    for index, (kind, words) in enumerate(_LEGENDS):
        x, y = left + _MARGIN + index % 2 * 330, bottom + 36 + index // 2 * 24
        parts.append(f'<line class="{kind}" x1="{x:.1f}" y1="{y - 4:.1f}" x2="{x + 36:.1f}" y2="{y - 4:.1f}"/>')
        parts.append(f'<text class="small" x="{x + 46:.1f}" y="{y:.1f}">{words}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _line(above: Box, below: Box, kind: str) -> list[str]:
    x1, y1, x2, y2 = above.x, above.y + _BOX, below.x, below.y
    parts = [f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>']
    if kind == "broken":
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        for slope in (-8, 8):
            parts.append(
                f'<line class="cross" x1="{x - 8:.1f}" y1="{y - slope:.1f}" x2="{x + 8:.1f}" y2="{y + slope:.1f}"/>'
            )
    return parts


def _drawn(box: Box) -> list[str]:
    node = box.node
    kind = "variable" if node.variable is not None else "recorded" if node.recorded else "outside"
    x, y, width = box.x - box.width / 2, box.y, box.width
    return [
        f'<rect class="box {kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_BOX}" rx="6"/>',
        f'<text x="{box.x:.1f}" y="{y + 17:.1f}" text-anchor="middle">{escape(box.label)}</text>',
        f'<text class="small" x="{box.x:.1f}" y="{y + 32:.1f}" text-anchor="middle">{box.place}</text>',
    ]
