"""A campaign as one page that needs nothing else: no network, no other file."""

import base64
import hashlib
from html import escape
from importlib import resources
from string import Template

from responder.campaign.reports.page import Changes, blocks, index, packed
from responder.campaign.reports.printable import one_line
from responder.campaign.reports.summary import Summary

_FOLDER = "assets"
_SCRIPTS = ("elements.js", "data.js", "list.js", "bytes.js", "case.js", "page.js")
"""In the order in which they are read."""


def html(summary: Summary, changes: Changes) -> str:
    """The page.

    Nothing that a requester said is in it as text: the page's script unpacks it, and shows it as
    text alone. The page may run that one script, by its digest, and load nothing.

    Args:
        summary: what to tell.
        changes: finds what the fault changed in a case.
    """
    results = summary.campaign.results
    style = _file("page.css")
    script = "\n".join(_file(name) for name in _SCRIPTS)
    title = f"{one_line(summary.campaign.begin.target)}: {summary.headline}"
    return Template(_file("page.html")).substitute(
        title=escape(title),
        policy=escape(_policy(style, script)),
        style=style,
        script=script,
        index=packed(index(summary)),
        blocks="\n".join(packed(block) for block in blocks(results, changes)),
    )


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy of the page."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_digest(style)}",
            f"script-src {_digest(script)}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _file(name: str) -> str:
    folder = resources.files("responder.campaign.reports").joinpath(_FOLDER)
    return folder.joinpath(name).read_text(encoding="utf-8")
