import pytest

from responder.profiles.load import load_profile

ABOUT = """\
[[fault]]
id = "x"
description = ""
duty = "reject"
basis = "spec"
source = ""
"""
FLIP = '{ do = "flip" }'
FAULT = f'{ABOUT}hook = "post_sign"\naction = [{FLIP}]\n'
"""Eight lines; what is added stands in the ninth."""


def with_rule(hook, action, more=""):
    return f'{ABOUT}hook = "{hook}"\naction = [{action}]\n{more}'


def test_words_that_exist_are_taken(write, head):
    text = head + FAULT + 'message = ["MEASUREMENTS"]\nversion = ["1.2"]\nnth = [2]\n'
    (fault,) = load_profile(write(text)).faults
    assert (fault.message, fault.version, fault.nth) == (["MEASUREMENTS"], ["1.2"], [2])


def test_faults_of_the_catalogue_are_named(write, head):
    faults = load_profile(
        write('faults = ["sig.zero:CHALLENGE_AUTH", "ver.count-zero"]\n' + head)
    ).faults
    assert [fault.id for fault in faults] == ["sig.zero:CHALLENGE_AUTH", "ver.count-zero"]


def test_a_fault_of_the_catalogue_may_be_changed(write, head):
    text = head + '[[fault]]\nextends = "cert.slot-wrong"\nnth = [2]\n'
    (fault,) = load_profile(write(text)).faults
    (base,) = load_profile(write('faults = ["cert.slot-wrong"]\n' + head)).faults
    assert fault.nth == [2]
    assert (fault.id, fault.action, fault.duty) == (base.id, base.action, base.duty)


SET = '{ do = "set", field = "nonce", value = 0 }'
AT_REGISTERS = with_rule("register", '{ do = "set", field = "value", value = 0 }')
SWITCH = '{{ do = "switch", table = "ide_km", values = {{ {} }} }}'
UNKNOWN = [
    (FAULT + 'message = ["MEASUREMENT"]\n', 9, "unknown message 'MEASUREMENT'", "MEASUREMENTS"),
    (FAULT + 'version = ["1.22"]\n', 9, "unknown SPDM version '1.22'", "1.2"),
    (FAULT + 'algorithm = ["ECDSA-P265"]\n', 9, "unknown algorithm 'ECDSA-P265'", "ECDSA-P256"),
    (FAULT + 'after = ["send:VERSION"]\n', 9, "'send:VERSION' is no event", "sent"),
    (FAULT + 'after = ["sent:VERSIONS"]\n', 9, "unknown message 'VERSIONS'", "VERSION"),
    (FAULT + 'until = ["step:two"]\n', 9, "there is no step 'two'", ""),
    (AT_REGISTERS + 'after = ["mailbox:GOO"]\n', 9, "no event 'mailbox:GOO'", "mailbox:GO"),
    (AT_REGISTERS + 'message = ["discover"]\n', 9, "unknown message 'discover'", "discovery"),
    (AT_REGISTERS + 'message = ["VERSION"]\n', 9, "unknown message 'VERSION'", "GET_VERSION"),
    (AT_REGISTERS.replace('"value"', '"offset"'), 8, "unknown field of a Access 'offset'", ""),
    (FAULT + 'colour = "red"\n', 9, "unknown key 'colour' in fault[0]", ""),
    (FAULT + "nth = [0]\n", 9, "fault[0].nth", ""),
    (FAULT + FAULT, 10, "fault 'x' is there twice", ""),
    (FAULT.replace('"flip"', '"flop"'), 8, "is none of", "flip"),
    (FAULT.replace('"post_sign"', '"post_sing"'), 7, "is none of", "post_sign"),
    (
        with_rule("draft", SET.replace("nonce", "nonse"), 'message = ["CHALLENGE_AUTH"]'),
        8,
        "ChallengeAuth has no field 'nonse'",
        "nonce",
    ),
    (with_rule("draft", SET, 'message = ["DIGESTS"]'), 8, "Digests has no field 'nonce'", ""),
    (
        with_rule("pre_sign", '{ do = "set", part = "CHALLENGES", field = "nonce", value = 0 }'),
        8,
        "unknown message 'CHALLENGES'",
        "CHALLENGE",
    ),
    (
        with_rule("pre_sign", '{ do = "set", field = "kontext", value = "" }'),
        8,
        "unknown field of a signature 'kontext'",
        "context",
    ),
    (
        with_rule("pre_sign", '{ do = "leave-out", part = ["DIGEST"] }'),
        8,
        "unknown message",
        "DIGESTS",
    ),
    (
        with_rule("frame", '{ do = "add", field = "doe.lenght", by = 1 }'),
        8,
        "has no field",
        "length",
    ),
    (
        with_rule("frame", '{ do = "add", field = "pci.length", by = 1 }'),
        8,
        "unknown layer 'pci'",
        "",
    ),
    (with_rule("request", '{ do = "error", code = "Bussy" }'), 8, "there is no error 'Bussy'", ""),
    (
        with_rule("certificate", '{ do = "defect", name = "expird" }'),
        8,
        "there is no defect",
        "expired",
    ),
    (
        with_rule("post_sign", '{ do = "forge", how = "r-zreo" }'),
        8,
        "there is no forgery",
        "r-zero",
    ),
    (
        FAULT + 'request = { operaton = 1 }\nmessage = ["GET_MEASUREMENTS"]',
        9,
        "GetMeasurements has no field 'operaton'",
        "operation",
    ),
    (
        with_rule("draft", SET, 'inside = ["LOCK_INTERFACE_RESPONS"]'),
        9,
        "unknown message inside 'LOCK_INTERFACE_RESPONS'",
        "LOCK_INTERFACE_RESPONSE",
    ),
    (
        FAULT + 'after = ["sent:START_INTERFACE_RESPONS"]\n',
        9,
        "unknown message 'START_INTERFACE_RESPONS'",
        "START_INTERFACE_RESPONSE",
    ),
    (
        with_rule("device", SWITCH.format("obey_stop = false")),
        8,
        "unknown switch of ide_km 'obey_stop'",
        "obeys_stop",
    ),
    (
        with_rule("device", '{ do = "set", part = "report", field = "mmio_range", value = 0 }'),
        8,
        "InterfaceReport has no field 'mmio_range'",
        "mmio_ranges",
    ),
    (
        with_rule("device", '{ do = "set", part = "state", field = "x", value = 0 }'),
        8,
        "unknown part of a device 'state'",
        "",
    ),
    ('[[fault]]\nextends = "sig.zerro"\n', 2, "there is no fault 'sig.zerro'", "sig.zero"),
]


@pytest.mark.parametrize(("text", "line", "reason", "suggestion"), UNKNOWN)
def test_words_that_do_not_exist(refused, head, text, line, reason, suggestion):
    where, why, hint = refused(head + text)
    assert reason in why
    assert where == head.count("\n") + line
    assert hint == suggestion


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (FAULT.replace(FLIP, ""), 8, "fault 'x' does nothing"),
        (ABOUT + f"action = [{FLIP}]\n", 1, "fault 'x' lacks the key 'hook'"),
        (FAULT.replace("post_sign", "certificate"), 8, "'flip' does nothing at certificate"),
        (
            with_rule("request", f'{FLIP}, {{ do = "silence" }}'),
            8,
            "taken for another one, or not handled",
        ),
        (FAULT.replace(FLIP, '{ do = "silence" }'), 8, "'silence' does nothing at post_sign"),
        (FAULT + 'message = ["DIGESTS"]\n', 9, "DIGESTS has no signature, so post_sign never"),
        (
            FAULT + 'scope = "exchange"\n',
            9,
            "scope is for accesses to registers, and post_sign sees",
        ),
        (FAULT + 'space = ["doe.status"]\n', 9, "space is for accesses to registers"),
        (FAULT + 'access = "write"\n', 9, "access is for accesses to registers"),
        (FAULT + 'until = ["mailbox:ABORT"]\n', 9, "post_sign hears of no event 'mailbox:ABORT'"),
        (FAULT.replace(FLIP, '{ do = "interrupt" }'), 8, "'interrupt' does nothing at post_sign"),
        (
            with_rule(
                "device",
                SWITCH.format("obeys_stop = false") + ', { do = "content-changed", value = 1 }',
            ),
            8,
            "what a request finds, or the device itself",
        ),
        (FAULT + f'[[fault.step]]\nhook = "draft"\naction = [{FLIP}]\n', 9, "has steps"),
    ],
)
def test_a_fault_that_can_never_strike(refused, head, text, line, reason):
    where, why, _ = refused(head + text)
    assert reason in why
    assert where == head.count("\n") + line


def test_a_profile_without_faults_has_no_engine():
    profile = load_profile("minimal-1.0")
    assert profile.memory is None
    assert profile.missed() == []


OUT_OF_RANGE = [
    ("message", '{ do = "again", times = 4294967295 }'),
    ("message", '{ do = "speak", seconds = -1.0 }'),
    ("message", '{ do = "speak", seconds = 0.0000001 }'),
    ("message", '{ do = "extend", by = 300000000 }'),
    ("message", '{ do = "double", times = 100000000 }'),
    ("message", '{ do = "error", code = "Busy", version = 256 }'),
    ("message", '{ do = "error", code = 99999 }'),
    ("message", '{ do = "answer", value = "shuffled" }'),
    ("message", '{ do = "speak", value = "request" }'),
    ("message", '{ do = "delay", seconds = nan }'),
    ("message", '{ do = "replay", file = "not-there.hex" }'),
    ("request", '{ do = "not-ready", token = 256 }'),
    ("device", '{ do = "fill", count = 256, size = 1 }'),
    ("device", '{ do = "measure", index = 1, value = "zeros" }'),
    ("device", '{ do = "switch", table = "doe", values = { x = 1 } }'),
    ("device", SWITCH.format('obeys_go = "never"')),
    ("device", SWITCH.format("obeys_stop = 0")),
    ("device", '{ do = "happen", event = "lightning" }'),
    ("device", '{ do = "write-memory", address = -1, value = "00" }'),
    ("device", '{ do = "write-memory", address = 0, value = "zeros" }'),
    ("frame", '{ do = "write", value = "none" }'),
    ("frame", '{ do = "drip", size = -1 }'),
    ("connection", '{ do = "refuse" }'),
    ("pre_sign", '{ do = "sign", key = "slot:8" }'),
]


@pytest.mark.parametrize(("hook", "action"), OUT_OF_RANGE)
def test_a_value_that_cannot_be_used_is_told_at_its_line(refused, head, hook, action):
    where, _, _ = refused(head + with_rule(hook, action))
    assert where in {head.count("\n") + 8, head.count("\n") + 1}


LOOPS = [
    'each = { m = "fields" }\n',
    'each = { message = ["FOO"], m = "fields" }\n',
    "each = { n = { first = 1, last = 1000000000 } }\n",
    "each = { n = [] }\n",
    "each = { n = [1] }\nwithout = 5\n",
    'extends = ["a"]\n',
    'message = ["measurements"]\n',
    'phase = ["nonsense"]\n',
]


@pytest.mark.parametrize("text", LOOPS)
def test_loops_and_names_that_make_no_sense_are_told(refused, head, text):
    where, _, _ = refused(head + FAULT + text)
    assert where > head.count("\n")
