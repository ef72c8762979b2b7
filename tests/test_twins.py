"""Every module has its test file, or is named here with the one that tests it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    path.relative_to(ROOT / "responder")
    for path in (ROOT / "responder").rglob("*.py")
    if path.name != "__init__.py"
)
PROVISIONING = "device/test_device_provisioning.py"
ERROR_TABLE = "core/test_error_table.py"
REPLAY = "replay/test_replay_captures.py"
WIRE = "wire/test_captured_messages.py"
VENDOR_PAYLOADS = "wire/test_wire_vendor_payload.py"
DEVICE_STEPS = "requester/test_requester_device_steps.py"
SESSIONS = "requester/test_requester_sessions.py"
SHARED = {
    "campaign/cxl_settings.py": "campaign/test_campaign_settings.py",
    "campaign/message_settings.py": "campaign/test_campaign_settings.py",
    "campaign/pcie_settings.py": "campaign/test_campaign_settings.py",
    "campaign/replayed.py": "cli/test_cli_campaign_replay.py",
    "campaign/executors.py": "campaign/test_campaign_execution.py",
    "campaign/work.py": "campaign/test_campaign_execution.py",
    "campaign/result.py": "campaign/test_campaign_reaction.py",
    "campaign/said.py": "campaign/test_campaign_session_evidence.py",
    "campaign/session_settings.py": "campaign/test_campaign_settings.py",
    "campaign/mailbox_settings.py": "campaign/test_campaign_settings.py",
    "campaign/single_settings.py": "campaign/test_campaign_settings.py",
    "faults/asking.py": "faults/test_catalogue_cases.py",
    "faults/words.py": "cli/test_fault_words.py",
    "faults/key_ring.py": "faults/test_catalogue_cases.py",
    "campaign/run.py": "campaign/test_campaign_reaction.py",
    "campaign/targets/caller.py": "campaign/test_campaign_process.py",
    "campaign/targets/containment.py": "campaign/test_campaign_process.py",
    "campaign/targets/descendants.py": "campaign/test_campaign_process.py",
    "campaign/targets/output.py": "campaign/test_campaign_process.py",
    "campaign/targets/runner.py": "campaign/test_campaign_misbehaviour.py",
    "campaign/targets/served.py": "campaign/test_campaign_misbehaviour.py",
    "campaign/targets/guest.py": "qemu/test_qemu_campaign.py",
    "campaign/targets/performers.py": "campaign/test_campaign_misbehaviour.py",
    "campaign/targets/ports.py": "campaign/test_campaign_service.py",
    "campaign/targets/reaper.py": "campaign/test_campaign_process.py",
    "campaign/watching.py": "campaign/test_campaign_session_evidence.py",
    "campaign/setting.py": "campaign/test_campaign_settings.py",
    "cli/campaign.py": "cli/test_main.py",
    "cli/campaign_fuzz.py": "campaign/test_campaign_fuzz_planted.py",
    "cli/case_page.py": "cli/test_cli_campaign_replay.py",
    "cli/report.py": "cli/test_main.py",
    "cli/attesting.py": "cli/test_attest.py",
    "cli/report_tdi.py": "cli/test_tdi.py",
    "cli/certs.py": "pki/test_pki_certs_verb.py",
    "cli/observing.py": "cli/test_serve.py",
    "cli/decode_input.py": "cli/test_decode.py",
    "cli/decode_transport.py": "cli/test_decode.py",
    "cli/exits.py": "cli/test_main.py",
    "cli/fault_explain.py": "cli/test_cli_fault.py",
    "cli/fault_page.py": "cli/test_cli_fault.py",
    "client/channel.py": "client/test_client_socket.py",
    "core/admission.py": ERROR_TABLE,
    "core/capability_rules.py": ERROR_TABLE,
    "core/connection.py": "core/test_core_deferral.py",
    "core/context.py": ERROR_TABLE,
    "core/effects.py": "core/test_core_responder.py",
    "cli/emu_sessions.py": "cli/test_emu_options.py",
    "core/asking.py": "core/test_core_mutual_auth.py",
    "core/encapsulation.py": "core/test_core_mutual_auth.py",
    "core/errors.py": ERROR_TABLE,
    "core/events.py": "core/test_core_responder.py",
    "core/handlers/": ERROR_TABLE,
    "core/handshake.py": "core/test_core_session.py",
    "core/hooked.py": "core/test_core_session.py",
    "core/controls.py": "device/test_pcie_controls.py",
    "core/interfaces.py": "device/test_device_emulated.py",
    "core/key_schedule.py": "core/test_core_session.py",
    "core/secured.py": "core/test_core_session.py",
    "core/selection.py": ERROR_TABLE,
    "core/turn.py": "core/test_core_hooks.py",
    "core/provisioning.py": "core/test_core_provisioning.py",
    "core/terms.py": "core/test_core_provisioning.py",
    "device/pcie/device.py": "server/test_function_host.py",
    "device/pcie/endpoint.py": "server/test_function_host.py",
    "device/pcie/firmware.py": "server/test_pcie_devices.py",
    "device/pcie/policies.py": "profiles/test_profiles_pcie.py",
    "device/pcie/status.py": "profiles/test_profiles_pcie.py",
    "profiles/schema_pcie.py": "profiles/test_profiles_pcie.py",
    "server/device_control.py": "server/test_function_host.py",
    "server/mailbox_port.py": "server/test_function_host.py",
    "device/pcie/cxl_tsp_configuration.py": "device/test_pcie_cxl_tsp.py",
    "device/pcie/cxl_tsp_keys.py": "device/test_pcie_cxl_tsp.py",
    "device/pcie/cxl_tsp_table.py": "device/test_pcie_cxl_tsp.py",
    "device/pcie/ide_keys.py": "device/test_pcie_ide_port.py",
    "device/pcie/interfaces.py": "device/test_device_emulated.py",
    "device/pcie/key_manager.py": "device/test_pcie_ide_km.py",
    "device/pcie/refusal.py": "device/test_pcie_tdisp.py",
    "device/pcie/secure_session.py": "device/test_pcie_ide_km.py",
    "device/pcie/aer.py": "device/test_pcie_function.py",
    "device/pcie/blocks.py": "device/test_pcie_config_space.py",
    "device/pcie/extended.py": "device/test_pcie_capabilities.py",
    "device/pcie/layout.py": "device/test_pcie_function.py",
    "device/pcie/memory_space.py": "device/test_pcie_bars.py",
    "device/pcie/placement.py": "device/test_pcie_capabilities.py",
    "device/pcie/mailbox_layout.py": "device/test_pcie_mailbox.py",
    "device/banks.py": PROVISIONING,
    "device/csrs.py": PROVISIONING,
    "device/key_pair_changes.py": PROVISIONING,
    "device/key_pairs.py": PROVISIONING,
    "device/keys.py": PROVISIONING,
    "device/new_keys.py": PROVISIONING,
    "device/slot_changes.py": PROVISIONING,
    "device/state.py": PROVISIONING,
    "server/host.py": "server/test_server_connection.py",
    "server/vfio_user/interfaces.py": "server/vfio_user/test_vfio_user_connection.py",
    "faults/actions.py": "faults/test_faults_engine.py",
    "faults/device_actions.py": "faults/test_faults_controls.py",
    "faults/devices.py": "faults/test_catalogue_cases.py",
    "faults/domains.py": "faults/test_faults_cases.py",
    "faults/edits.py": "faults/test_faults_editing.py",
    "faults/keys.py": "faults/test_catalogue_cases.py",
    "faults/match.py": "faults/test_faults_engine.py",
    "faults/memory.py": "faults/test_faults_engine.py",
    "faults/outgoing.py": "faults/test_faults_engine.py",
    "faults/overlay.py": "faults/test_catalogue_cases.py",
    "faults/signing.py": "faults/test_faults_signatures.py",
    "faults/sources.py": "faults/test_faults_signatures.py",
    "faults/striking.py": "faults/test_faults_engine.py",
    "faults/subject.py": "faults/test_faults_editing.py",
    "replay/by_core.py": REPLAY,
    "replay/by_requester.py": REPLAY,
    "replay/heard.py": REPLAY,
    "replay/identity.py": REPLAY,
    "replay/judge.py": REPLAY,
    "replay/line.py": REPLAY,
    "replay/scene.py": REPLAY,
    "replay/session.py": REPLAY,
    "replay/terms.py": REPLAY,
    "faults/rule.py": "faults/test_faults_engine.py",
    "profiles/schema_device.py": "profiles/test_profiles_measurements.py",
    "profiles/schema_types.py": "profiles/test_profiles_schema.py",
    "spec/cxl.py": VENDOR_PAYLOADS,
    "spec/ide.py": VENDOR_PAYLOADS,
    "spec/tdisp.py": VENDOR_PAYLOADS,
    "spec/doe.py": "device/test_pcie_mailbox.py",
    "spec/events.py": "device/test_device_events.py",
    "requester/application.py": SESSIONS,
    "requester/check_rows.py": "requester/test_requester_checks.py",
    "requester/check_rows_cxl.py": "requester/test_requester_checks.py",
    "requester/cxl_memory.py": "requester/test_requester_cxl_tsp.py",
    "requester/cxl_options.py": "requester/test_requester_cxl_tsp.py",
    "requester/portions.py": "requester/test_requester_tdisp_report.py",
    "requester/report_cxl.py": "requester/test_requester_cxl_tsp.py",
    "requester/check_rows_tdi.py": "requester/test_requester_checks.py",
    "requester/report_tdi.py": "requester/test_requester_tdisp.py",
    "requester/tdi_memory.py": "requester/test_requester_tdisp.py",
    "requester/tdi_options.py": "requester/test_requester_tdisp.py",
    "requester/chunks.py": "requester/test_requester_checks.py",
    "requester/encapsulated_answers.py": SESSIONS,
    "requester/endpoint_info.py": DEVICE_STEPS,
    "requester/events.py": "requester/test_requester_event_answers.py",
    "requester/extension_log.py": DEVICE_STEPS,
    "requester/finish.py": SESSIONS,
    "requester/identity.py": SESSIONS,
    "requester/key_exchange.py": SESSIONS,
    "requester/key_pairs.py": DEVICE_STEPS,
    "requester/plan.py": SESSIONS,
    "requester/provisioning.py": DEVICE_STEPS,
    "requester/psk.py": SESSIONS,
    "requester/records.py": SESSIONS,
    "requester/run_plan.py": SESSIONS,
    "requester/secured_versions.py": SESSIONS,
    "requester/session_opening.py": SESSIONS,
    "requester/slot_writes.py": "requester/test_requester_slot_management.py",
    "requester/step_table.py": SESSIONS,
    "requester/upkeep.py": SESSIONS,
    "spec/limits.py": ERROR_TABLE,
    "spec/measurements.py": "device/test_device_measurements.py",
    "spec/registries.py": "core/test_core_attestation.py",
    "spec/slot_management.py": "spec/test_spec_key_pairs.py",
    "spec/timing.py": "core/test_core_deferral.py",
    "spec/versions.py": "core/test_core_attestation.py",
    "wire/": WIRE,
}
"""Modules, or folders of modules, that are tested together with others."""


def own_test(module: Path) -> bool:
    folder = ROOT / "tests" / module.parts[0] if len(module.parts) > 1 else ROOT / "tests"
    ends = re.compile(rf"^test_(.*_)?{module.stem}(_.*)?$")
    return any(ends.match(path.stem) for path in folder.rglob("test_*.py"))


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_has_its_tests(module):
    shared = SHARED.get(str(module)) or SHARED.get(f"{module.parent}/")
    assert own_test(module) or (shared and (ROOT / "tests" / shared).exists()), (
        f"no tests/{module.parts[0]}/test_*{module.stem}*.py, and SHARED does not name another"
    )


@pytest.mark.parametrize("name", SHARED)
def test_the_table_names_what_there_is(name):
    assert (ROOT / "responder" / name).exists()
