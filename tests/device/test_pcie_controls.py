"""What can be done to a device beside what it is asked for."""

import pytest

from responder.crypto.random_tree import RandomTree
from responder.device.pcie.interfaces import MemoryWrite, Noticed, TdiState
from responder.profiles.load import load_profile
from responder.wire.tdisp import InterfaceReport, LockInterfaceRequest

LOCK = LockInterfaceRequest(flags=1)


def built(profile="tdisp-device", **overrides):
    return load_profile(profile, overrides).pcie(RandomTree(b"controls"))


@pytest.fixture
def device():
    return built()


def controls(device):
    return device.sides[0].device.controls


def noticed(device):
    return [
        (number, effect.what) for number, effect in device.drain() if isinstance(effect, Noticed)
    ]


def locked(device, *numbers):
    for number in numbers:
        function = device.functions[number]
        function.config_write(0x04, bytes.fromhex("0600"), 0.0)
        function.interface.lock(LOCK, None)
    device.drain()
    return device


def test_every_side_has_the_same_controls(device):
    assert len({id(side.device.controls) for side in device.sides}) == 1


def test_a_switch_tells_what_was_before_and_keeps_the_others(device):
    one = controls(device)
    assert one.switch("ide_km", {"obeys_stop": False}) == {"obeys_stop": True}
    assert one.switch("ide_km", {"obeys_go": "first"}) == {"obeys_go": "all"}
    policy = device.port.policy
    assert (policy.obeys_stop, policy.obeys_go, policy.exclusive_session) == (False, "first", False)


def test_a_switch_of_tdisp_reaches_each_interface(device):
    controls(device).switch("tdisp", {"enforced": False})
    assert {function.interface.enforced for function in device.functions} == {False}


def test_a_switch_of_locks_reaches_each_function(device):
    controls(device).switch("pcie", {"configure": "hide"})
    assert {function.lock.configure for function in device.functions} == {"hide"}


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("ide_km", {"obeys_go": "never"}),
        ("ide_km", {"obeys_stop": 1}),
        ("tdisp", {"dev_addr_width": "wide"}),
    ],
)
def test_values_that_there_are_not_are_refused(device, table, values):
    with pytest.raises(ValueError, match=next(iter(values))):
        controls(device).switch(table, values)


def test_interfaces_are_crossed_where_they_share_a_host(device):
    with pytest.raises(ValueError, match="a host of its own"):
        controls(device).switch("tdisp", {"crossed": "state"})
    shared = built(pcie={"cma": "shared"}, function=[])
    assert controls(shared).switch("tdisp", {"crossed": "state"}) == {"crossed": "nothing"}


def test_a_device_without_tdisp_has_no_such_table():
    device = built("default", pcie={})
    with pytest.raises(ValueError, match="no tdisp"):
        controls(device).switch("tdisp", {"lock": "lies"})


def test_an_interface_finds_an_error(device):
    locked(device, 1)
    controls(device).happen("interface-error", function=1, value=0, now=0.0)
    assert device.functions[1].interface.state is TdiState.ERROR
    assert noticed(device) == [(1, "tdi-error")]


def test_a_function_is_configured(device):
    controls(device).happen("configure", function=3, value=0xAB, now=0.0)
    assert device.functions[3].configuration.word == 0xAB


def test_a_bar_is_moved_under_a_locked_interface(device):
    locked(device, 0)
    controls(device).happen("bar-moved", function=0, value=0x9000_0000, now=0.0)
    assert device.functions[0].config_read(0x10, 4, 0.0) == bytes.fromhex("04000090")
    assert device.functions[0].interface.state is TdiState.ERROR


def test_a_function_is_reset_alone(device):
    locked(device, 1, 2)
    controls(device).happen("function-reset", function=1, value=0, now=0.0)
    assert [function.reset_count for function in device.functions] == [0, 1, 0, 0, 0]
    states = [function.interface.state for function in device.functions[1:3]]
    assert states == [TdiState.ERROR, TdiState.CONFIG_LOCKED]


def test_a_stream_of_a_device_without_ide_cannot_fail():
    device = built("default", pcie={})
    controls(device).happen("stream-insecure", function=0, value=0, now=0.0)
    assert noticed(device) == []


def test_reports_are_rewritten_where_there_are_any(device):
    one = controls(device)
    with pytest.raises(ValueError, match="no interface"):
        one.rewrite_reports(bytes)
    locked(device, 1, 3)
    before, after = one.rewrite_reports(lambda report: report + b"!")
    size = len(before) // 2
    assert InterfaceReport.parse(before[:size]).interface_info & 1
    assert after == before[:size] + b"!" + before[size:] + b"!"
    assert device.functions[3].interface.served().endswith(b"!")
    assert device.functions[2].interface.served() == b""


def test_a_change_that_fails_leaves_the_report_as_it_was(device):
    locked(device, 1)
    right = device.functions[1].interface.served()

    def fail(_):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        controls(device).rewrite_reports(fail)
    assert device.functions[1].interface.served() == right


def test_a_function_writes_to_memory(device):
    controls(device).write_memory(2, 0x1000, b"data")
    assert device.drain() == [(2, MemoryWrite(1, 0x1000, b"data"))]


def test_there_are_no_more_functions_than_there_are(device):
    with pytest.raises(ValueError, match="functions 0 to 4"):
        controls(device).write_memory(5, 0, b"")
    with pytest.raises(ValueError, match="functions 0 to 4"):
        controls(device).happen("configure", function=5, value=0, now=0.0)
