"""The conversations through the mailbox registers of a function; data only."""

from responder.campaign.message_settings import SESSION, device, in_session
from responder.campaign.setting import Setting

_PCIE = {"pcie": {"status_index": 0}}

MAILBOX_SETTINGS = (
    Setting(
        name="mailbox",
        text="Through the registers of a DOE mailbox, with the discovery first.",
        overrides=_PCIE,
        mailbox=True,
    ),
    Setting(
        name="mailbox-v1",
        text="The same with version 1 of the DOE capability.",
        overrides={**_PCIE, "mailbox": {"version": 1}},
        mailbox=True,
    ),
    Setting(
        name="mailbox-slow",
        text="The same with a discovery and aborts that take their time.",
        overrides={**_PCIE, "mailbox": {"discovery_delay": 200_000, "abort_delay": 300_000}},
        mailbox=True,
    ),
    Setting(
        name="mailbox-session",
        text="Through the registers of a DOE mailbox, with a session.",
        overrides=device(*SESSION, **_PCIE),
        options=in_session("measurements"),
        mailbox=True,
    ),
)
