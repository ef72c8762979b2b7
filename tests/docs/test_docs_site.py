"""The documentation's site: it is built without a warning, and loads nothing from elsewhere."""

import os
import re
import shutil
import subprocess

import pages
import pytest

ROOT = pages.DOCS.parent
NEEDED = shutil.which("dot")
LOADED = re.compile(
    r'<(?:script|img|iframe)[^>]* src="([^"]+)"'
    r'|<link [^>]*rel="(?:stylesheet|icon)[^>]*href="([^"]+)"'
)


def test_where_programs_are_installed_graphviz_is_there():
    if not os.environ.get("CI") or os.geteuid() != 0:
        pytest.skip("scripts/setup-tools installs Graphviz as root only")
    assert NEEDED


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site."""
    if not NEEDED:
        pytest.skip("Graphviz (dot) is missing: scripts/setup-tools installs it")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [ROOT / "scripts" / "site", folder], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_each_page_is_built(site):
    for page in pages.DOCS.rglob("*.md"):
        built = site / page.relative_to(pages.DOCS).with_suffix(".html")
        title = re.search(r"^# (.*)$", page.read_text(), re.MULTILINE)[1]
        assert title.split()[-1].strip("`") in built.read_text()


def test_nothing_is_loaded_from_elsewhere(site):
    for page in site.rglob("*.html"):
        for found in LOADED.findall(page.read_text()):
            address = "".join(found)
            assert not re.match(r"(?:https?:)?//", address), f"{page.name}: {address}"
            assert (page.parent / address.partition("?")[0]).exists() or address.startswith("/")


def test_state_diagrams_are_pictures(site):
    drawn = (site / "reference" / "requests.html").read_text()
    assert drawn.count('<figure class="diagram"><svg') == 2
    for state in ("AFTER_CAPABILITIES", "HANDSHAKING"):
        assert re.search(rf"<text[^>]*>{state}</text>", drawn)
    assert "stateDiagram" not in drawn
