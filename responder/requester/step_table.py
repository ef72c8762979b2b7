"""The steps that a plan is made of, one row of a table each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from responder.requester import cxl_ide_km, cxl_tsp, ide_km, tdisp
from responder.requester.application import application_data
from responder.requester.certificate import (
    authenticate_slot,
    get_slot_sizes,
    read_all,
    read_slot,
)
from responder.requester.challenge import challenge
from responder.requester.conversation import Conversation, Flow
from responder.requester.digests import get_digests
from responder.requester.endpoint_info import get_endpoint_info, give_endpoint_info
from responder.requester.events import give_events, subscribe, take_pending
from responder.requester.extension_log import get_extension_log
from responder.requester.key_pairs import change_key_pair, get_key_pairs
from responder.requester.measurements import measure
from responder.requester.provisioning import get_csr, set_certificate
from responder.requester.session import Session
from responder.requester.slot_management import manage_slots
from responder.requester.slot_writes import (
    configure_bank,
    erase_slot,
    request_csr,
    write_chain,
)
from responder.requester.tdi_measured import measure_interface
from responder.requester.tdisp_optional import (
    bind_peer,
    exchange_vdm,
    set_attribute,
    set_config,
)
from responder.requester.tdisp_report import get_report, get_report_unlocked
from responder.requester.upkeep import (
    heartbeat,
    stay,
    update_all_keys,
    update_key,
    update_responder,
)
from responder.requester.vendor_defined import vendor_request
from responder.spec.flags import EP_INFO, MEAS, Cap, ExtCap
from responder.spec.versions import V10, V11, V12, V13, V14, SpdmVersion

NO_NEED = Cap(0)
NO_EXT_NEED = ExtCap(0)

OutsideRun = Callable[[Conversation], Flow[None]]
InsideRun = Callable[[Conversation, Session], Flow[None]]


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step.

    Attributes:
        text: what it does.
        outside: does it outside of sessions; ``None`` if it is for sessions only.
        inside: does it in a session; ``None`` if it is not for sessions.
        since: the first version that has it.
        needs: capabilities of the responder, one of which it needs.
        both: capabilities that both sides need, one of them each.
        ext: capabilities of ExtFlags that the responder needs.
    """

    text: str
    outside: OutsideRun | None = None
    inside: InsideRun | None = None
    since: SpdmVersion = V10
    needs: Cap = NO_NEED
    both: Cap = NO_NEED
    ext: ExtCap = NO_EXT_NEED

    def possible(self, c: Conversation) -> bool:
        """Whether the version has it and the capabilities allow it."""
        agreed = c.agreed
        return (
            agreed.version >= self.since
            and (not self.needs or agreed.has(self.needs))
            and (not self.both or agreed.both(self.both))
            and self.ext in agreed.ext_flags
        )


def _anywhere(text: str, run: OutsideRun, since: SpdmVersion, needs: Cap) -> PlanStep:
    return PlanStep(text, run, lambda c, _: run(c), since, needs)


def _bank(text: str, run: OutsideRun) -> PlanStep:
    return PlanStep(text, run, lambda c, _: run(c), V14, ext=ExtCap.SLOT_MGMT)


def _inside(text: str, run: InsideRun, since: SpdmVersion, both: Cap) -> PlanStep:
    return PlanStep(text, None, run, since, both=both)


def _interface(text: str, run: OutsideRun, needs: Cap = NO_NEED) -> PlanStep:
    return PlanStep(text, None, lambda c, _: run(c), V11, needs)


def _digests(c: Conversation) -> Flow[None]:
    yield from get_digests(c)


def _challenge(c: Conversation) -> Flow[None]:
    if c.agreed.has(Cap.CHAL) and c.agreed.chain_hash:
        yield from challenge(c)
    else:
        c.report.observe("challenge.unsupported")


STEPS: Mapping[str, PlanStep] = MappingProxyType(
    {
        "authenticate": PlanStep("Read and check the chain of a slot.", authenticate_slot),
        "challenge": PlanStep("Have the device prove its key.", _challenge),
        "digests": _anywhere("Ask for the digests of all slots.", _digests, V10, Cap.CERT),
        "certificate": _anywhere("Read the chain again.", read_slot, V10, Cap.CERT),
        "certificates": _anywhere("Read the chains of all slots.", read_all, V10, Cap.CERT),
        "slot-sizes": _anywhere("Ask how large all slots are.", get_slot_sizes, V13, Cap.CERT),
        "measurements": _anywhere("Read the measurements.", measure, V10, NO_NEED),
        "extension-log": _anywhere(
            "Read the measurement extension log.", get_extension_log, V13, Cap.MEL
        ),
        "endpoint-info": _anywhere("Ask what the endpoint is.", get_endpoint_info, V13, EP_INFO),
        "give-endpoint-info": PlanStep(
            "Be asked what the requester is.",
            give_endpoint_info,
            lambda c, _: give_endpoint_info(c),
            V13,
            both=Cap.ENCAP,
        ),
        "key-pairs": _anywhere("Ask for all key pairs.", get_key_pairs, V13, Cap.GET_KEY_PAIR_INFO),
        "change-key-pair": _anywhere(
            "Take key pair 1 from its slots, and erase it.",
            change_key_pair,
            V13,
            Cap.SET_KEY_PAIR_INFO,
        ),
        "csr": _anywhere("Have a certificate signing request made.", get_csr, V12, Cap.CSR),
        "set-certificate": _anywhere(
            "Write a certificate chain.", set_certificate, V12, Cap.SET_CERT
        ),
        "slot-management": _bank("Read all banks of slots, and their chains.", manage_slots),
        "bank-csr": _bank("Have the selected bank make a CSR.", request_csr),
        "bank-certificate": _bank("Write a certificate chain into the selected bank.", write_chain),
        "bank-erase": _bank("Erase that slot of the selected bank.", erase_slot),
        "bank-algorithm": _bank("Give an empty bank another algorithm.", configure_bank),
        "vendor": _anywhere("Send a vendor-defined request.", vendor_request, V10, NO_NEED),
        "application": PlanStep(
            "Send data that is no SPDM message.", inside=application_data, since=V11
        ),
        "heartbeat": _inside("Keep the session alive.", heartbeat, V11, Cap.HBEAT),
        "stay": PlanStep("Keep the session open, by heartbeats alone.", inside=stay, since=V11),
        "update-key": _inside("Update the requester's keys.", update_key, V11, Cap.KEY_UPD),
        "update-all-keys": _inside(
            "Update the keys of both sides.", update_all_keys, V11, Cap.KEY_UPD
        ),
        "update-responder": _inside(
            "Have the responder update its keys.", update_responder, V11, Cap.KEY_UPD
        ),
        "subscribe": PlanStep(
            "Subscribe to all events.", inside=subscribe, since=V13, needs=Cap.EVENT
        ),
        "events": PlanStep(
            "Take the events that wait.", inside=take_pending, since=V13, needs=Cap.EVENT
        ),
        "give-events": _inside(
            "Be asked for our events, and tell one.", give_events, V13, Cap.ENCAP
        ),
        "ide-query": _interface("Ask where the port is, and how its streams stand.", ide_km.query),
        "ide-keys": _interface("Program the six keys of a stream.", ide_km.program_keys),
        "ide-go": _interface("Use them.", ide_km.use_keys),
        "ide-refresh": _interface("Program the other key set, and use it.", ide_km.refresh_keys),
        "ide-retire": _interface("Use the other key set no longer.", ide_km.retire_keys),
        "ide-stop": _interface("Use the keys no longer.", ide_km.stop_keys),
        "ide-go-early": _interface(
            "Use a key that is not there: it must fail.", ide_km.go_too_early
        ),
        "ide-key-again": _interface("Program a key twice: it ought to fail.", ide_km.repeat_key),
        "tdisp-version": _interface("Ask for the versions of TDISP.", tdisp.get_versions),
        "tdisp-capabilities": _interface("Ask what the interface can do.", tdisp.get_capabilities),
        "tdisp-state": _interface("Ask where the interface stands.", tdisp.check_state),
        "tdisp-lock": _interface("Lock the interface.", tdisp.lock),
        "tdisp-report": _interface("Read the interface report.", get_report),
        "tdisp-report-unlocked": _interface(
            "Read the report of an unlocked interface: it must fail.", get_report_unlocked
        ),
        "tdisp-measured": _interface(
            "Read the measurements, and what they say of the lock.", measure_interface, MEAS
        ),
        "tdisp-wrong-nonce": _interface(
            "Try to start the interface with a wrong nonce.", tdisp.start_wrongly
        ),
        "tdisp-start": _interface("Start the interface.", tdisp.start),
        "tdisp-stop": _interface("Stop the interface.", tdisp.stop),
        "tdisp-p2p": _interface("Bind a stream to a peer, and end that.", bind_peer),
        "tdisp-mmio-attribute": _interface(
            "Have a range change sides, and change back.", set_attribute
        ),
        "tdisp-vdm": _interface("Send a vendor's message to the interface.", exchange_vdm),
        "tdisp-config": _interface("Configure all interfaces of the device.", set_config),
        "cxl-query": _interface("Ask where the CXL port is, and what it can do.", cxl_ide_km.query),
        "cxl-get-key": _interface("Have the CXL port make keys.", cxl_ide_km.get_keys),
        "cxl-keys": _interface("Program the two keys of CXL.cachemem.", cxl_ide_km.program_keys),
        "cxl-go": _interface("Use them.", cxl_ide_km.use_keys),
        "cxl-stop": _interface("Use them no longer.", cxl_ide_km.stop_keys),
        "tsp-version": _interface("Ask for the versions of TSP.", cxl_tsp.get_versions),
        "tsp-capabilities": _interface("Ask what the target supports.", cxl_tsp.get_capabilities),
        "tsp-set-configuration": _interface("Configure the target.", cxl_tsp.set_configuration),
        "tsp-configuration": _interface(
            "Ask for the configuration of the target, and where it stands.",
            cxl_tsp.get_configuration,
        ),
        "tsp-report": _interface("Read the configuration report.", cxl_tsp.get_report),
        "tsp-lock": _interface("Lock the configuration of the target.", cxl_tsp.lock),
        "tsp-te-state": _interface("Give memory to the trusted environment.", cxl_tsp.set_te_state),
        "tsp-ckid-keys": _interface("Set, make and clear keys of a CKID.", cxl_tsp.set_ckid_keys),
        "tsp-range-keys": _interface(
            "Set, make and clear keys of a range.", cxl_tsp.set_range_keys
        ),
    }
)
"""Every step by its name."""
