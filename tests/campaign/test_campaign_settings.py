"""Every setting is a conversation that goes well as long as nothing is wrong."""

import pytest

from responder.campaign.message_settings import BY_MESSAGE
from responder.campaign.rehearsal import healthy_run
from responder.campaign.settings import DEFAULT_ORDER, SETTINGS, SOCKET_ORDER
from responder.faults import catalogue

SEED = b"settings"
ALWAYS_SEEN = {
    "unsigned-two-connections": {"measurements.unsigned"},
    "csr-reset": {"reset.required"},
    "set-certificate-reset": {"reset.required"},
    "tdisp": {"measurements.raw", "measurements.changed"},
    "tdisp-second-function": {"measurements.raw", "measurements.changed"},
    "tdisp-attribute": {"tdi.non-tee"},
    "tsp-delayed": {"tsp.delayed"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_healthy_conversation_attests(name):
    setting, run = SETTINGS[name], healthy_run(name, SEED)
    assert run.crash == ""
    assert run.defects == []
    assert [report.refusal for report in run.reports] == [None] * len(run.reports)
    assert [report.verdict for report in run.reports] == ["attested"] * (
        setting.connections * setting.runs
    )
    seen = {observed.id for report in run.reports for observed in report.observations}
    assert seen == ALWAYS_SEEN.get(name, set())
    assert not run.evidence
    assert not run.missed


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_says_what_it_is(name):
    text = SETTINGS[name].text
    assert SETTINGS[name].name == name
    assert text[0].isupper()
    assert text.endswith(".")


def test_settings_have_different_names():
    assert len({setting.text for setting in SETTINGS.values()}) == len(SETTINGS)


def test_a_setting_that_is_not_tried_is_named_by_a_fault():
    named = set(BY_MESSAGE.values()) | {case.setting for case in catalogue.all_cases()}
    assert named - {""} <= set(SETTINGS)
    assert set(SETTINGS) - set(DEFAULT_ORDER) - set(SOCKET_ORDER) - named == set()


def test_the_orders_are_of_different_kinds():
    assert not any(SETTINGS[name].listen for name in DEFAULT_ORDER)
    assert all(SETTINGS[name].listen for name in SOCKET_ORDER)
