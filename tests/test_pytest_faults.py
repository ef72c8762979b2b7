"""The marker ``spdm_faults`` as a user's tests have it: each run is one of pytest, by itself."""

from pathlib import Path

import pytest

import responder.pytest_faults  # noqa: F401 - else each run imports all of it

pytest_plugins = ["pytester"]

REQUESTER = Path(__file__).parent / "campaign" / "scripted" / "tiny.py"
PRELUDE = """
import socket, time
import pytest, tiny

class Refused(Exception):
    pass

def attest(port):
    with socket.create_connection(("127.0.0.1", int(port))) as connection:
        if not tiny.is_well(connection):
            raise Refused("that answer is wrong")

"""


@pytest.fixture
def run(pytester):
    """Runs a test file with the tiny requester beside it, warnings as errors."""
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = --strict-markers")
    pytester.makepyfile(tiny=REQUESTER.read_text())

    def inner(text, *arguments):
        pytester.makepyfile(test_it=PRELUDE + text)
        return pytester.runpytest("-rA", "-p", "no:randomly", "-p", "no:asyncio", *arguments)

    return inner


VERSIONS = """
@pytest.mark.spdm_faults("ver.count-zero", "ver.reserved-byte", "ver.major-f", {more})
def test_versions(spdm_case):
    result = spdm_case.judge(attest, refused=Refused)
    assert result.verdict == "pass"
    assert result.case == spdm_case.id
"""


def test_a_requester_that_does_its_duty_passes(run):
    run(VERSIONS.format(more="")).assert_outcomes(passed=3)


def test_all_workers_have_the_same_cases(run):
    """xdist refuses to begin if two workers do not collect the same."""
    text = """
@pytest.mark.spdm_faults("ver.*", "cap.*", duties="accept", sample=6, seed="x")
def test_some(spdm_case):
    spdm_case.judge(attest, refused=Refused)
"""
    result = run(text, "-n", "2")
    outcomes = result.parseoutcomes()
    assert sum(outcomes.values()) == 6
    assert outcomes["passed"] >= 4


LAX = """
def lax(port):
    try:
        attest(port)
    except Refused:
        pass

@pytest.mark.spdm_faults("ver.count-zero" {more})
def test_lax(spdm_case):
    spdm_case.judge(lax, refused=Refused)
"""


def test_what_is_accepted_fails_with_the_sentence_of_the_campaign(run):
    result = run(LAX.format(more=""))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*ver.count-zero: accepted (differs from the reference): it accepted it; it must *"]
    )


def test_what_is_expected_to_fail_is_so_with_its_reason(run, pytester):
    pytester.makefile(".toml", known='[[expect]]\ncase = "ver.*"\nreason = "issue 7"\n')
    result = run(LAX.format(more=', expect="known.toml"'))
    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(["*accepted: issue 7*"])


def test_a_case_of_a_message_that_it_never_sends_is_skipped_and_says_so(run):
    result = run(VERSIONS.replace("ver.count-zero", "dig.all-wrong").format(more=""))
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*it never has DIGESTS*"])


def test_what_it_calls_not_implemented_is_skipped(run):
    result = run("""
@pytest.mark.spdm_faults("ver.count-zero")
def test_it(spdm_case):
    def cannot():
        raise NotImplementedError("no SPDM here")

    spdm_case.judge(lambda uri: cannot())
""")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*no SPDM here*"])


def test_a_transport_that_it_does_not_speak_is_skipped(run):
    result = run("""
@pytest.mark.spdm_faults("tcp287.binding-version-wrong")
def test_it(spdm_case):
    spdm_case.judge(attest)
""")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*the target cannot be reached in this way*"])


def test_a_requester_that_fails_without_a_fault_fails_and_not_for_the_fault(run):
    result = run("""
tries = []

@pytest.mark.spdm_faults("ver.count-zero", "ver.reserved-byte")
def test_it(spdm_case):
    def broken(port):
        tries.append(port)
        attest(port)
        raise Refused("always")

    try:
        spdm_case.judge(broken, refused=Refused)
    finally:
        assert len(tries) == 1, "one control for each conversation"
""")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*without any fault it fails in attestation: *always*"])


def test_a_requester_that_hangs_is_told_so_and_let_go(run):
    result = run("""
import threading

@pytest.mark.spdm_faults("sock.silence:VERSION", target={"time_limit": 0.5}, repeat=0)
def test_it(spdm_case):
    try:
        spdm_case.judge(attest)
    finally:
        assert "spdm-case" not in [one.name for one in threading.enumerate()]
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*hang: it was still running after 0.5 s after 1 requests*"])


def test_an_error_that_is_no_refusal_is_that_of_the_test(run):
    result = run("""
@pytest.mark.spdm_faults("ver.count-zero")
def test_it(spdm_case):
    spdm_case.judge(lambda port: 1 / 0, refused=Refused)
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*ZeroDivisionError*"])


def test_reasons_and_what_it_tells_are_understood_as_those_of_a_target(run):
    """It refuses, but says that it is for another reason: the verdict is pass-loose."""
    result = run("""
@pytest.mark.spdm_faults("ver.count-zero", target={"reasons": {"wrong": ["alg.size"]}})
def test_it(spdm_case):
    assert spdm_case.judge(attest, refused=Refused).verdict == "pass-loose"
""")
    result.assert_outcomes(passed=1)


def test_a_target_can_be_a_file(run, pytester):
    pytester.makefile(
        ".toml", mine='command = ["no-such-program"]\n[reasons]\nwrong = ["alg.size"]'
    )
    result = run("""
@pytest.mark.spdm_faults("ver.count-zero", target="mine.toml")
def test_it(spdm_case):
    assert spdm_case.judge(attest, refused=Refused).verdict == "pass-loose"
""")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('"ver.count-zer"', "there is no case 'ver.count-zer' (did you mean 'ver.count-zero'?)"),
        ('"ver.count-zero", duties="accept"', "there is no such case"),
        ('"ver.*", duty="accept"', "unknown field `duty`"),
        ('"ver.*", target={"comand": []}', "unknown field `comand`"),
        ('"ver.*", expect="missing.toml"', "missing.toml: it cannot be read"),
    ],
)
def test_a_mistake_in_a_marker_is_told_at_once(run, arguments, said):
    result = run(f"""
@pytest.mark.spdm_faults({arguments})
def test_it(spdm_case):
    spdm_case.judge(attest)
""")
    result.assert_outcomes(errors=1)
    assert "spdm_faults: " in result.stdout.str()
    assert said in result.stdout.str()


def test_the_fixture_needs_the_marker(run):
    result = run("""
def test_it(spdm_case):
    spdm_case.judge(attest)
""")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*spdm_case is for tests with @pytest.mark.spdm_faults(...)*"])
