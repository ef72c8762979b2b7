"""Vendors' protocols in a session, against the recorded answers of the reference responder."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from captures.loader import runs
from requester.session_peer import SessionPeer
from requester.tdi_peer import talk

from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse

RUNS = [run for run in runs() if run.name.endswith("doe-p384-app")]
REFERENCE = {"function_id": 0xBEEF, "stream_id": 0, "port_index": 0}


def recorded(run: Any) -> list[tuple[bytes, bytes]]:
    """Requests and answers of vendors' protocols, in order."""
    found = []
    for pair in run.messages():
        if pair.request[1] == 0xFE and pair.session is not None:
            asked = VendorDefinedRequest.parse(pair.request, padding=3)
            answer = VendorDefinedResponse.parse(pair.response, padding=3)
            found.append((asked.vendor_id + asked.payload, answer.payload))
    return found


@dataclass
class RecordedPeer(SessionPeer):
    """Answers a message of a vendor's protocol with what was recorded as the next one's answer.

    Recorded keys, nonces and portions are what they were: messages are told apart by their head.
    """

    exchanges: list[tuple[bytes, bytes]] = field(default_factory=list)

    def vendor(self, request: bytes) -> bytes:
        asked = VendorDefinedRequest.parse(request)
        head = (asked.vendor_id + asked.payload)[:9]
        place = next(at for at, (sent, _) in enumerate(self.exchanges) if sent[:9] == head)
        _, payload = self.exchanges.pop(place)
        return self.build(
            VendorDefinedResponse(
                spdm_version=request[0],
                standard_id=asked.standard_id,
                vendor_id=asked.vendor_id,
                payload=payload,
            )
        )


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_the_reference_responders_interface_is_locked_and_started(run):
    outcome = talk(
        RecordedPeer(exchanges=recorded(run)),
        "tdisp-version", "tdisp-capabilities", "tdisp-lock", "tdisp-report", "tdisp-start",
        "tdisp-stop",
        portion=64,
        **REFERENCE,
    )  # fmt: skip
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.observed == ["tdi.address-width", "tdi.requests", "tdi.non-tee"]
    found = outcome.report.tdi
    assert found.states == ["CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "CONFIG_UNLOCKED"]
    assert [(r.bar, r.address, r.size) for r in found.interface.ranges] == [
        (1, 0, 0x1000),
        (2, 0x8000000, 0x4000),
        (3, 0x10000000, 0x8000),
        (4, 0x20000000, 0x8000),
    ]
    assert bytes.fromhex(found.interface.device_specific_info) == b"tdisp_dev_emu\0\0\0"


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_the_reference_responders_port_takes_keys(run):
    first = next(answer for asked, answer in recorded(run) if asked[:3] == b"\1\0\0")
    steps = ("ide-query", "ide-keys", "ide-go", "ide-stop")
    port = recorded(run)[0][0][-1]
    outcome = talk(
        RecordedPeer(exchanges=recorded(run)), *steps, **{**REFERENCE, "port_index": port}
    )
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert first[7] == outcome.report.ide.max_port_index == 7
    assert outcome.observed == [
        "ide.other-function", "ide.no-selective", "ide.registers-odd", "ide.stream-unknown",
    ]  # fmt: skip
