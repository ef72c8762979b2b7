"""A requester that runs on and comes by itself, to one port for each case."""

import socket
import subprocess
import sys
from contextlib import closing
from uuid import uuid4

import pytest
from processes import MARK, SCRIPTED, children, marked

from responder.campaign.attempt import attempt, health_of
from responder.campaign.plan import case_named
from responder.campaign.target import Target
from responder.campaign.targets import ports as targets_ports
from responder.campaign.targets.ports import AHEAD, Ports
from responder.campaign.targets.service import ServiceRunner
from responder.errors import UnavailableError

SEED = b"service"
STRUCK = case_named("ver.count-zero")
STRUCK_LAST = case_named("cap.meas-3")
HARMLESS = case_named("ver.reserved-byte")
COMMAND = (sys.executable, "-I", "-S", str(SCRIPTED / "service.py"))
BY_PORT, BY_LIST = "{port}", "{ports}"


@pytest.fixture
def serving(tmp_path):
    """Makes a runner of the scripted service; nothing of it is left."""
    mark, before, made = uuid4().hex, children(), []

    def make(*arguments, **changes):
        options = {"time_limit": 60.0, "memory_limit": "96MiB", "env": {MARK: mark}, **changes}
        command = [*COMMAND, *arguments] if arguments else []
        target = Target(name="service", kind="service", command=command, **options)
        made.append(ServiceRunner(target, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert marked(mark) == []
    assert set(children()) <= set(before)


def healthy(runner):
    health = health_of(runner.run(STRUCK.setting, (), SEED))
    assert health.passed, health.text
    return health


@pytest.mark.parametrize(
    ("where", "behaviour", "verdict", "text"),
    [
        (BY_PORT, "refuse", "pass", "it refused"),
        (BY_LIST, "refuse", "pass", "it refused"),
        (BY_PORT, "twice", "pass", "it refused"),
        (BY_PORT, "hang", "hang", "it was still connected after 2."),
        (BY_LIST, "segfault", "crash", "it was ended by SIGSEGV"),
        (BY_PORT, "exit", "crash", "the service ended with exit code 3"),
        (BY_PORT, "memory", "crash", "it took more memory than it may have"),
    ],
)
def test_a_service_has_a_verdict_and_comes_to_the_next_case(
    serving, where, behaviour, verdict, text
):
    runner = serving(where, behaviour, time_limit=2.0 if behaviour == "hang" else 60.0)
    health = healthy(runner)
    result = attempt(runner, STRUCK, SEED, health)
    assert (result.verdict, text in result.text) == (verdict, True), result.text
    assert result.observed.wire.connections == (2 if behaviour == "twice" else 1)
    following = attempt(runner, HARMLESS, SEED, health)
    assert (following.verdict, following.observed.wire.connections) == ("pass", 1)


def test_an_answer_after_which_nothing_comes_tells_nothing(serving):
    runner = serving(BY_PORT, "refuse")
    result = attempt(runner, STRUCK_LAST, SEED, healthy(runner))
    assert result.verdict == "unimplemented"
    assert "nothing comes after" in result.text


@pytest.mark.parametrize("where", [BY_PORT, BY_LIST])
def test_more_cases_than_ports_are_listened_on(serving, where):
    runner = serving(where, "refuse")
    health = healthy(runner)
    for _ in range(AHEAD + 2):
        assert attempt(runner, HARMLESS, SEED, health).verdict == "pass"


def test_a_service_that_never_comes_is_unreached_and_is_started_again(serving):
    runner = serving("1", "refuse", time_limit=0.3)  # nobody listens there
    for _ in range(2):
        result = attempt(runner, STRUCK, SEED)
        assert (result.verdict, result.observed.text) == ("unreached", "it did not connect")


def test_who_runs_elsewhere_comes_upwards_from_the_first_port(serving, tmp_path):
    first = Ports()
    first.prepare()
    port = first.numbers[0]
    first.close()
    command = [*COMMAND, str(port), "refuse"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        for _ in range(2):  # a runner goes on where the one before it was
            runner = serving(first_port=port, time_limit=60.0)
            health = healthy(runner)
            assert attempt(runner, STRUCK, SEED, health).verdict == "pass"
            assert attempt(runner, HARMLESS, SEED, health).verdict == "pass"
            runner.close()
        process.kill()
    assert int((tmp_path / "next-port").read_text()) >= port + 6


def test_where_clients_have_used_up_their_ports_others_are_found(monkeypatch):
    listen = targets_ports._listen
    monkeypatch.setattr(targets_ports, "_listen", lambda first: listen(first) if first else [])
    with closing(Ports()) as found:
        assert not found.prepare()
        first = found.numbers[0]
        assert found.numbers == [*range(first, first + AHEAD)]
        assert first in targets_ports._QUIET


def test_a_first_port_in_use_is_told():
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = Ports(other.getsockname()[1])
        with pytest.raises(UnavailableError, match="cannot all be had"):
            ports.prepare()


def test_ports_that_do_not_exist_are_told():
    with pytest.raises(UnavailableError):
        Ports(65_530).prepare()
