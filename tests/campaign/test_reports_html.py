"""The page as text: whole, closed to the network, and holding nothing that a requester wrote."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from stores import gallery, whole

from responder.campaign.reports.html import html
from responder.campaign.reports.summary import summarise
from responder.campaign.store import read_store


class Outline(HTMLParser):
    """The elements of a page, with the text of those that are no markup."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.texts = {"script": [], "style": [], "title": []}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = tag
        if tag in self.texts:
            self.texts[tag].append("")

    def handle_endtag(self, _tag):
        self._open = ""

    def handle_data(self, data):
        if self._open in self.texts:
            self.texts[self._open][-1] += data


def page_of(store):
    return html(summarise(read_store(store)), lambda _: ())


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return page_of(gallery(tmp_path_factory.mktemp("gallery") / "store"))


@pytest.fixture(scope="module")
def outline(text):
    return Outline(text)


def test_nothing_is_loaded_from_anywhere(text, outline):
    links = {"src", "href", "action", "data", "poster", "srcset"}
    assert not [attrs for _, attrs in outline.elements if links & set(attrs)]
    assert not re.search(r"https?:|//[a-z]+\.|url\(|@import|fetch\(|XMLHttpRequest", text)


def test_the_policy_allows_this_script_and_this_style_alone(outline):
    policies = [
        attrs["content"]
        for tag, attrs in outline.elements
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    (policy,) = policies
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    for name, content in (
        ("script-src", outline.texts["script"][-1]),
        ("style-src", outline.texts["style"][0]),
    ):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"


def test_no_element_has_a_style_or_a_handler_of_its_own(outline):
    for _, attrs in outline.elements:
        assert not [name for name in attrs if name == "style" or name.startswith("on")]


def test_what_a_requester_wrote_is_nowhere_as_text(text, outline):
    assert [tag for tag, _ in outline.elements].count("script") == 3
    for piece in ("pwned", "javascript:", "\x1b", "\u202e", "{{"):
        assert piece not in text
    (title,) = outline.texts["title"]
    assert title.startswith("a <b>target</b>: 8 of 13 cases failed, 1 of them")


def test_data_is_base64_alone(outline):
    for packed in outline.texts["script"][:2]:
        assert re.fullmatch(r"[A-Za-z0-9+/=\n]+", packed)


def test_the_script_makes_no_markup_of_text(outline):
    script = outline.texts["script"][-1]
    for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert name not in script


def test_the_same_store_makes_the_same_page(tmp_path):
    store = whole(tmp_path / "store")
    assert page_of(store) == page_of(store)
