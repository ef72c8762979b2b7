"""Rules of faults put together at random, from the actions' own declarations."""

import types
import typing

import msgspec

from responder.crypto.forgery import FORGERIES
from responder.faults.address import addresses
from responder.faults.rule import ACTIONS
from responder.pki.defects import DEFECTS
from responder.profiles.faults import DOES
from responder.spec.codes import ResponseCode
from responder.wire.frames import LAYERS
from responder.wire.registry import BY_CODE

HOOKS = ["request", "device", "certificate", "draft", "pre_sign", "post_sign", "message"]
ANSWERS = set(ResponseCode) - {ResponseCode.ERROR}
RESPONSES = [ResponseCode(code).name for code in BY_CODE if code in ANSWERS]
SIGNED = ["CHALLENGE_AUTH", "MEASUREMENTS"]
PARTS = ["", "*", "CHALLENGE", "CHALLENGE_AUTH", "GET_MEASUREMENTS", "VERSION"]
SWITCHES = ["lock", "session_bound", "takes_keys", "configure", "start_nonce", "max_port_index"]
NUMBERS = [0, 1, -1, 2, 7, 8, 16, 255, 256, -256, 65_535, 65_536, (1 << 32) - 1]
TEXTS = [
    *("", "00", "ff01", "zeros", "ones", "random", "reversed", "request", "again", "none", "same"),
    *("counter", "stale", "1.2", "1.x", "slot:1", "root", "attacker", "GET_VERSION"),
]
SECONDS = [0.0, -1.0, 0.001, 0.3, 1e9]


class Rules:
    """Draws rules; one random source gives the same ones each time."""

    def __init__(self, random):
        self.random = random

    def rule(self):
        pick = self.random.choice
        hook = pick(HOOKS)
        message = pick(SIGNED if "sign" in hook else RESPONSES)
        rule = {"hook": hook}
        if hook in {"draft", "message", "pre_sign", "post_sign"} and self.random.random() < 0.9:
            rule["message"] = [message]
        if self.random.random() < 0.2:
            rule["nth"] = [pick([1, 2])]
        rule["action"] = [self.action(hook, message) for _ in range(pick([1, 1, 1, 2, 3]))]
        return rule

    def action(self, hook, message):
        kind = self.random.choice([one for one in ACTIONS if issubclass(one, DOES[hook])])
        part = self.random.choice(PARTS) if hook == "pre_sign" else ""
        written = {"do": kind.__struct_config__.tag}
        for field in msgspec.structs.fields(kind):
            if field.required or self.random.random() < 0.5:
                written[field.name] = self.value(
                    field.type, field.name, (kind, hook, part or message)
                )
        if "part" in written and isinstance(written["part"], str):
            written["part"] = part
        return written

    def value(self, kind, name, where):
        action, hook, message = where
        if name in {"field", "other", "source"} or (name == "at" and kind is str):
            return self.address(hook, message)
        words = {"name": list(DEFECTS), "message": ["", message], "file": ["", message]}
        if action.__struct_config__.tag == "forge":
            words["how"] = list(FORGERIES)
        return self.random.choice(words[name]) if name in words else self.typed(kind, name, where)

    def typed(self, kind, name, where):
        pick = self.random.choice
        arguments = [one for one in typing.get_args(kind) if one is not type(None)]
        match typing.get_origin(kind):
            case typing.Union | types.UnionType:
                return self.value(pick(arguments), name, where)
            case typing.Literal:
                return pick(arguments)
            case typing.Annotated:
                return self.value(arguments[0], name, where)
        if typing.get_origin(kind) is list:
            return [self.value(arguments[0], "", where) for _ in range(pick([0, 1, 2]))]
        if typing.get_origin(kind) is dict:
            return {pick([*SWITCHES, *TEXTS]): self.typed(arguments[1], "", where)}
        return pick({int: NUMBERS, float: SECONDS, bool: [True, False], str: TEXTS}[kind])

    def address(self, hook, message):
        if hook == "post_sign":
            return self.random.choice(["", "r", "s"])
        code = getattr(ResponseCode, message, None)
        known = list(addresses(BY_CODE[code])) if code is not None else ["context", "nonce"]
        return self.random.choice(["", *known, *(f"{one}[0]" for one in known), *LAYERS])
