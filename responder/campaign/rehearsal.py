"""Rehearses faults with the reference requester: what they did, and what it did about them.

``python -m responder.campaign.rehearsal`` does that for the catalogue, or parts of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from responder.campaign.conversation import converse
from responder.campaign.mask import masked_message, signature_to_mask
from responder.campaign.message_settings import BY_MESSAGE
from responder.campaign.reaction import reaction, satisfies
from responder.campaign.run import Exchanged, Run
from responder.campaign.setting import Setting
from responder.campaign.settings import DEFAULT_ORDER, MAILBOX_ORDER, SETTINGS, SOCKET_ORDER
from responder.errors import ConfigError, suggest
from responder.faults.rule import Duty, FaultSpec, HookName

SEED: bytes = b"rehearsal"
_LINK_HOOKS = frozenset({"connection", "frame"})


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A fault in a conversation, beside the same conversation without it.

    Attributes:
        fault: the fault.
        setting: the conversation.
        healthy: without the fault.
        faulted: with it.
        tried: what came nearest in each setting in which it did not strike, by setting.
    """

    fault: FaultSpec
    setting: Setting
    healthy: Run
    faulted: Run
    tried: dict[str, str]

    @property
    def fired(self) -> bool:
        """Whether the fault struck at all."""
        return bool(self.faulted.evidence)

    @property
    def reaction(self) -> Duty:
        """What the requester did."""
        return reaction(self.faulted)

    @property
    def satisfied(self) -> bool:
        """Whether that is its duty."""
        judged = self.setting.judged
        return self.fired and satisfies(
            self.fault, self.faulted, judged=judged, healthy=self.healthy
        )

    @property
    def verdict(self) -> str:
        """What the requester said, in a few words."""
        if self.faulted.crash:
            return f"crashed: {self.faulted.crash}"
        texts = []
        for report in self.faulted.reports:
            why = report.refusal
            texts.append(f"{report.verdict} {why.step} {why.check}" if why else report.verdict)
        return "; ".join(texts) or "nothing"

    @property
    def observations(self) -> list[str]:
        """What it observed and would not have without the fault."""
        told = (_observed(self.faulted), _observed(self.healthy))
        return [seen for seen in told[0] if seen not in told[1]]

    @property
    def first_difference(self) -> int | None:
        """The first exchange that differs from the healthy run, under the mask."""
        size = signature_to_mask(self.algorithm)
        healthy, faulted = self.healthy.exchanges, self.faulted.exchanges
        return first_difference(healthy, faulted, size, kem=self.kem)

    @property
    def kem(self) -> bool:
        """Whether sessions of the conversation agree on their keys by ML-KEM."""
        return "kem" in next(iter(self.healthy.reports)).algorithms

    @property
    def algorithm(self) -> str:
        """The signature algorithm of the conversation, by name."""
        chosen = next(iter(self.healthy.reports)).algorithms
        return chosen.get("base_asym", "") or chosen.get("pqc_asym", "")


def first_difference(
    healthy: list[Exchanged],
    faulted: list[Exchanged],
    signature_size: int = 0,
    *,
    kem: bool = False,
) -> int | None:
    """The number of the first exchange that two runs do not share.

    Args:
        healthy: the exchanges of one.
        faulted: those of the other.
        signature_size: bytes at the end of signed messages that are not compared.
        kem: sessions agree on their keys by ML-KEM, so that records are not compared either.
    """

    def seen(exchange: Exchanged) -> tuple[bytes | None, ...]:
        record = b"" if signature_size or kem else exchange.record
        request = masked_message(exchange.request, signature_size, random_keys=kem)
        response = masked_message(exchange.response, signature_size, random_keys=kem)
        return request, response, record

    for number, (one, other) in enumerate(zip(healthy, faulted, strict=False)):
        if seen(one) != seen(other):
            return number
    shorter = min(len(healthy), len(faulted))
    return None if len(healthy) == len(faulted) else shorter


def rehearse(fault: FaultSpec, setting: Setting | None = None, *, seed: bytes = SEED) -> Rehearsal:
    """Hold a conversation with a fault and without it.

    Args:
        fault: one case.
        setting: the conversation; that which the fault names, or the first in which it strikes.
        seed: of all randomness on both sides.

    Raises:
        ConfigError: the fault names a setting that does not exist, or does not fit a device.
    """
    tried: dict[str, str] = {}
    for one in settings_for(fault) if setting is None else [setting]:
        faulted = converse(one, [fault], seed)
        if faulted.evidence:
            break
        tried[one.name] = "; ".join(faulted.missed)
    return Rehearsal(fault, one, healthy_run(one.name, seed), faulted, tried)


def settings_for(fault: FaultSpec) -> Iterator[Setting]:
    """The settings to try, in order.

    Raises:
        ConfigError: the fault names one that does not exist.
    """
    if fault.setting:
        yield setting_named(fault.setting)
        return
    named = [BY_MESSAGE[one] for rule in fault.rules for one in rule.message if one in BY_MESSAGE]
    if named:
        yield SETTINGS[named[0]]
        return
    for name in _order_for({rule.hook for rule in fault.rules}):
        yield SETTINGS[name]


def _order_for(hooks: set[HookName]) -> Sequence[str]:
    if "register" in hooks:
        return MAILBOX_ORDER
    return SOCKET_ORDER if hooks & _LINK_HOOKS else DEFAULT_ORDER


def setting_named(name: str) -> Setting:
    """A setting by its name.

    Raises:
        ConfigError: there is none.
    """
    if name not in SETTINGS:
        hint = suggest(name, SETTINGS)
        raise ConfigError(f"there is no setting {name!r}", suggestion=hint)
    return SETTINGS[name]


@lru_cache(maxsize=256)
def healthy_run(name: str, seed: bytes) -> Run:
    """The conversation of a setting without any fault; held once, since it is always the same."""
    return converse(setting_named(name), (), seed)


def _observed(run: Run) -> list[str]:
    return [seen.id for report in run.reports for seen in report.observations]


if __name__ == "__main__":
    from responder.campaign.survey import main

    main()
