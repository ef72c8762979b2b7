"""Application data in a session: what is no SPDM message, such as PLDM over MCTP (DSP0276)."""

from responder.requester.conversation import Conversation, Flow
from responder.requester.session import Session


def application_data(c: Conversation, session: Session) -> Flow[None]:
    """Send the application data of the options; report what answers.

    On MCTP it begins with its message type, which that of the answer has to be.
    """
    data = c.options.application
    c.checks.step = "APPLICATION"
    answer = yield from c.transmit_data(session, data)
    same = answer[:1] == data[:1]
    c.require("rec.application-type", same, f"{answer[:1].hex()} answers {data[:1].hex()}")
    c.report.application_response = answer.hex()
