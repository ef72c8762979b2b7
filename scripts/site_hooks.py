"""What the site does with pages: state diagrams become pictures."""

import re
import subprocess
from html import escape
from typing import Any

_DIAGRAM = re.compile(r"^```mermaid\nstateDiagram-v2\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_EDGE = re.compile(r"^ *(\S+) --> (\S+?)(?:: (.*))?$", re.MULTILINE)
_POINT = "[*]"
_MOST = 8
"""Events that are written beside an arrow; of more, the others are counted."""
_LOOK = (
    'bgcolor="transparent"; node [shape=box style="rounded" fontname="sans-serif" fontsize=11];'
    'edge [fontname="sans-serif" fontsize=9 arrowsize=0.7];'
)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Draw the state diagrams of a page."""
    return _DIAGRAM.sub(lambda found: _picture(found[1]), markdown)


def _picture(text: str) -> str:
    """A diagram in the words of Mermaid as SVG; its colours are those of the page."""
    edges = _EDGE.findall(text)
    if len(edges) != len(text.strip().splitlines()):
        raise ValueError(f"not all of this diagram is understood:\n{text}")
    names = dict.fromkeys(name for edge in edges for name in edge[:2])
    lines = [f'"{_POINT}" [shape=point];' if name == _POINT else f'"{name}";' for name in names]
    lines += [f'"{a}" -> "{b}" [label=<{_label(label)}>];' for a, b, label in edges]
    done = subprocess.run(
        ["dot", "-Tsvg"],  # noqa: S607 - wherever Graphviz is installed
        input=f"digraph {{ {_LOOK} {' '.join(lines)} }}",
        capture_output=True,
        check=True,
        text=True,
    )
    svg = done.stdout[done.stdout.index("<svg") :].replace("\n", "")
    svg = re.sub(r'(stroke|fill)="black"', r'\1="currentColor"', svg)
    svg = svg.replace("<text ", '<text fill="currentColor" ')
    return f'<figure class="diagram">{svg}</figure>\n'


def _label(text: str) -> str:
    """One line for each event."""
    events = text.split(", ") if text else []
    if len(events) > _MOST:
        events[_MOST - 1 :] = [f"and {len(events) - _MOST + 1} more"]
    return "".join(f'{escape(event)}<BR ALIGN="LEFT"/>' for event in events) or " "
