"""Whatever rule somebody writes: a mistake is told at once, the rest strikes or misses."""

import random

import pytest
from random_rules import Rules

from responder.campaign.rehearsal import rehearse
from responder.campaign.settings import SETTINGS
from responder.errors import ConfigError
from responder.profiles.load import load_profile

SEEDS = range(6)
RULES = 60
ABOUT = {"id": "x", "description": "d", "duty": "reject", "basis": "spec", "source": "s"}
ANYWHERE = [SETTINGS[name] for name in ("attestation", "attestation-1.0", "multi-key")]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rule_is_refused_or_strikes_or_says_why_not(seed):
    rules, refused, struck = Rules(random.Random(seed)), 0, 0
    for _ in range(RULES):
        rule = rules.rule()
        try:
            (fault,) = load_profile("ecdsa-p256", {"fault": [ABOUT | rule]}).faults
        except ConfigError:
            refused += 1
            continue
        for setting in ANYWHERE:
            shown = rehearse(fault, setting)
            assert not shown.faulted.defects, (rule, shown.faulted.defects)
            assert not shown.faulted.crash, (rule, shown.faulted.crash)
            assert shown.fired or shown.tried[setting.name], rule
            struck += bool(shown.fired)
    assert 0 < refused < RULES
    assert struck
