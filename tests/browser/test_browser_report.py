"""The page of a campaign in a browser: filters, a case and its bytes, addresses, keys, safety."""

import socket
import struct
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "campaign"))

from stores import BITFLIP, begin, gallery, passed, write

from responder.campaign.reports.html import html
from responder.campaign.reports.summary import summarise
from responder.campaign.result import End
from responder.campaign.store import read_store
from responder.cli.report_changes import changes_of

pytestmark = pytest.mark.browser


def page_of(store, path):
    path.write_text(html(summarise(read_store(store)), changes_of), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return gallery(tmp_path_factory.mktemp("gallery") / "store")


@pytest.fixture(scope="module")
def url(store, tmp_path_factory):
    return page_of(store, tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(scope="module")
def strike(store):
    """What the fault of the first case did."""
    (found,) = read_store(store).results[0].observed.wire.strikes
    return found


@pytest.fixture
def page(browser, url):
    """The page, newly opened; afterwards its console has complained of nothing."""
    browser.log()
    browser.open(url)
    browser.find(".row")
    yield browser
    assert browser.log() == []


def cases(browser):
    return browser.texts(".row .mono")


def opened(browser, case):
    """Waits until a case is read."""
    browser.until("document.querySelector('#case h2')?.textContent === args[0]", case)


def test_all_cases_are_listed_the_heaviest_failure_first(page):
    assert page.text("#shown") == "13 cases"
    assert cases(page)[0] == BITFLIP
    assert page.text(".row .badge") == "accepted: security failure"
    assert page.text("h1").startswith("a <b>target</b>: 8 of 13 cases failed")
    assert "N: Signatures and transcripts" in page.texts("#case td")


def test_a_tile_filters_by_its_verdict(page):
    page.click(".tile.accepted")
    assert page.text("#shown") == "3 cases of 13"
    assert cases(page) == [BITFLIP, "ver.count-zero", "a.known"]
    assert page.run("return document.querySelector('.tile.accepted').ariaPressed") == "true"
    page.click(".tile.hang")
    assert page.text("#shown") == "5 cases of 13"
    page.click("#filters button")
    page.until("document.getElementById('shown').textContent === '13 cases'")


def test_group_duty_basis_and_words_filter_together(page):
    page.type("#search", "SIGNATURE bit")
    assert cases(page) == [BITFLIP]
    page.run("document.getElementById('group').value = 'E'")
    page.type("#search", " ")
    assert page.text("#shown") == "0 cases of 13"


def test_a_case_shows_its_sentence_and_reasons(page):
    page.click(".row")
    opened(page, BITFLIP)
    assert page.text("#case .sentence") == "it accepted it"
    facts = page.text("#case dl")
    assert "chal.signature" in facts
    assert "chal.nonce" in facts
    assert "reject: reject the response and stop" in facts


def test_the_changed_bytes_are_marked_beside_each_other(page, strike):
    page.click(".row")
    opened(page, BITFLIP)
    changed = [(a, b) for a, b in zip(strike.before, strike.after, strict=True) if a != b]
    assert len(changed) == 1
    marks = page.texts("pre.bytes mark")
    assert [mark for mark in marks if mark.startswith("[")] == [f"[{b:02x}]" for b in changed[0]]
    assert [mark for mark in marks if not mark.startswith("[")] == ["signature.s"]
    red, back = page.run(
        "const style = getComputedStyle(document.querySelector('pre.bytes mark'));"
        "return [style.color, getComputedStyle(document.querySelector('pre.bytes')).color]"
    )
    assert red != back


def test_the_struck_exchange_is_marked_and_open(page, store, strike):
    page.click(".row")
    opened(page, BITFLIP)
    (struck,) = page.texts("details[open] > .struck")
    answer = read_store(store).results[0].observed.wire.exchanges[strike.exchange].response
    number = strike.exchange + 1
    assert " ".join(struck.split()) == (
        f"{number} → CHALLENGE 44 B ← CHALLENGE_AUTH {len(answer)} B struck"
    )
    dump = page.text("details[open] pre:last-of-type")
    assert dump.splitlines()[0].startswith(f"0000  {answer[:16].hex(' ')} ")
    assert "GET_MEASUREMENTS" in page.texts(".chip.bad")


def test_an_address_opens_its_case_and_filters(page, url):
    page.open(f"{url}#case={BITFLIP}&verdict=accepted&search=bit")
    opened(page, BITFLIP)
    assert cases(page) == [BITFLIP]
    page.click(".tile.accepted")
    page.click("#filters button")
    page.until("!location.hash.includes('search')")
    assert page.run("return new URLSearchParams(location.hash.slice(1)).get('case')") == BITFLIP
    page.open(f"{url}#case=no.such.case")
    assert "By group" in page.texts("#case h3")


def test_the_keyboard_is_enough(page):
    page.press("/")
    assert page.run("return document.activeElement.id") == "search"
    page.press("Escape")
    assert page.run("return document.activeElement.id") == "list"
    page.press("ArrowDown")
    opened(page, BITFLIP)
    page.press("j")
    opened(page, "a.crash")
    page.press("k")
    opened(page, BITFLIP)
    page.press("End")
    opened(page, "chal.nonce-zero")
    page.press("Enter")
    assert page.run("return document.activeElement.id") == "case"


def test_hostile_text_is_shown_and_does_nothing(page, url):
    page.open(f"{url}#case=a.crash")
    opened(page, "a.crash")
    assert page.text("#case .sentence").startswith("</script><script>window.pwned=1</script>")
    assert page.run("return typeof window.pwned") == "undefined"
    assert page.run("return document.scripts.length") == 3
    assert page.run("return document.querySelectorAll('#case img, #case script').length") == 0
    facts = page.texts("#case dl")[-1]
    assert "SIGSEGV" in facts
    assert "64.0 MiB" in facts
    assert "[28000 characters]" in page.texts("#case pre")[-1]


def test_the_policy_forbids_markup_other_scripts_and_the_network(browser, url):
    browser.open(url)
    browser.find(".row")
    assert (
        browser.run(
            "try { document.body.innerHTML = '<b>x</b>'; return 'made'; }"
            " catch (error) { return error.name; }"
        )
        == "TypeError"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        browser.run(
            "document.body.append(document.createElement('img'));"
            "document.body.lastChild.src = arguments[0]",
            f"http://127.0.0.1:{listener.getsockname()[1]}/x.png",
        )
        browser.until("document.body.lastChild.complete")
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert any("img-src" in line or "default-src" in line for line in browser.log())


def test_a_huge_exchange_opens(page, url):
    page.open(f"{url}#case=a.huge")
    opened(page, "a.huge")
    assert page.text(".exchanges li:last-child") == "4,600 exchanges more"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_and_dark_as_the_system_is(page, url, scheme, tmp_path):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.devtools("Emulation.setEmulatedMedia", features=[feature])
    page.open(f"{url}#case={BITFLIP}")
    opened(page, BITFLIP)
    colour = page.run("return getComputedStyle(document.body).backgroundColor")
    assert colour == {"light": "rgb(246, 247, 249)", "dark": "rgb(20, 22, 26)"}[scheme]
    image = page.screenshot()
    (tmp_path / f"report-{scheme}.png").write_bytes(image)
    width, height = struct.unpack(">II", image[16:24])
    assert width == 1400
    assert height > 800
    assert len(image) > 50_000


def test_six_thousand_cases_are_quick_to_filter(browser, tmp_path):
    plan = [f"case.{number}" for number in range(6000)]
    results = [
        passed(case, verdict="accepted" if number % 7 == 0 else "pass", description="A lie.")
        for number, case in enumerate(plan)
    ]
    browser.open(
        page_of(write(tmp_path / "store", begin(plan), *results, End()), tmp_path / "p.html")
    )
    assert browser.text("#shown") == "6,000 cases"
    assert len(cases(browser)) < 60
    browser.run("document.getElementById('list').scrollTop = 100000")
    browser.until("document.querySelector('.row .mono').textContent.match(/case\\.1\\d\\d\\d/)")
    milliseconds = browser.run(
        "const begin = performance.now(); document.getElementById('search').value = 'lie 59';"
        "document.getElementById('filters').dispatchEvent(new Event('input'));"
        "return performance.now() - begin"
    )
    assert milliseconds < 1000
    assert browser.text("#shown").endswith("cases of 6000")


def test_a_narrow_window_shows_the_list_or_the_case(page, url):
    page.devtools(
        "Emulation.setDeviceMetricsOverride",
        width=420,
        height=800,
        deviceScaleFactor=1,
        mobile=False,
    )
    try:
        page.open(url)
        page.find(".row")
        page.click(".row")
        opened(page, BITFLIP)
        assert page.run("return document.getElementById('cases').offsetParent") is None
        page.click("#back")
        page.until("document.getElementById('cases').offsetParent !== null")
        assert page.run("return document.documentElement.scrollWidth") <= 420
    finally:
        page.devtools("Emulation.clearDeviceMetricsOverride")
