"""Write docs/reference and the generated parts of docs; `--check` fails when one is stale."""

import inspect
import sys
from pathlib import Path

import click
from control_docs import control
from event_docs import events, schema_text
from fault_docs import catalogue, table, with_sections
from live_docs import picture
from mailbox_docs import mailbox
from mqtt_docs import with_topics
from mutant_docs import mutants
from persona_docs import personas
from register_docs import config_space, dma
from request_docs import requests
from tdisp_docs import tdisp, tsp

from responder.cli.exits import Exit
from responder.cli.main import VERBS, cli
from responder.core.hooks import Hooks
from responder.core.ownership import APPLIES_WAITING, CLEARS, KEEPS_NEGOTIATED, Level, Reset
from responder.profiles.document import json_schema_text, with_key_tables
from responder.requester.capabilities import ext_flag_names, flag_names
from responder.requester.check_table import CHECKS
from responder.requester.step_table import STEPS, PlanStep

DOCS = Path(__file__).parent.parent / "docs"
ROOT = DOCS / "reference"
LANGUAGE = DOCS / "faults.md"
NOTE = "<!-- Written by scripts/generate_docs.py; do not edit. -->\n\n"


def hooks() -> str:
    """Where a fault can strike."""
    rows = [
        [f"`{name}`", " ".join(inspect.getdoc(member).split("\n\n")[0].split())]
        for name, member in vars(Hooks).items()
        if not name.startswith("_")
    ]
    return (
        "# Hooks\n\nPlaces at which a draft passes by; a fault matches there and changes it.\n\n"
        + table(["Hook", "What it sees and can do"], rows)
    )


def resets() -> str:
    """Who owns what, and what clears it."""
    owners = table(["Level", "Owns"], [[level.name.lower(), level.value] for level in Level])
    rows = [
        [
            reset.value,
            *("x" if level in CLEARS[reset] else "" for level in Level),
            "x" if reset in APPLIES_WAITING else "",
            "x" if reset in KEEPS_NEGOTIATED else "",
        ]
        for reset in Reset
    ]
    head = ["Reset", *(level.name.lower() for level in Level), "ends waiting", "CACHE_CAP"]
    return (
        "# Ownership and resets\n\n"
        + owners
        + "\nWhat each reset clears. Of a device only what is volatile is cleared. The loss of the"
        " peer's connection clears nothing by itself: an endpoint attached `fresh` ends with its"
        " peer, `sticky` and `shared` ones stay as they are. Certificates and key pairs that wait"
        " for a reset take effect with those that end waiting. Of the endpoint of a responder with"
        " CACHE_CAP the negotiated state is left where the last column says so: version,"
        " capabilities, algorithms, and the messages in which they were agreed. A function level"
        " reset of a function that has SPDM of its own ends that connection too, unless"
        " `pcie.flr_ends_sessions` is false; a reset of the physical function resets all.\n\n"
        + table(head, rows)
    )


def checks() -> str:
    """What our requester checks."""
    rows = [[f"`{check.id}`", check.text, check.source] for check in CHECKS.values()]
    return (
        "# Checks\n\nWhat `spdm-responder attest` refuses for. `--without ID` makes a requester"
        " that lacks one check. Clauses are those of DSP0274 unless another document is named.\n\n"
        + table(["Id", "The requester demands that", "Source"], rows)
    )


def steps() -> str:
    """What an attestation may be made of."""

    def where(step: PlanStep) -> str:
        places = [("outside", step.outside), ("in a session", step.inside)]
        return ", ".join(place for place, run in places if run is not None)

    def needs(step: PlanStep) -> str:
        one = flag_names(step.needs) + ext_flag_names(step.ext)
        both = flag_names(step.both)
        return " or ".join(one) + (f"{' or '.join(both)} of both sides" if both else "")

    rows = [
        [f"`{name}`", step.text, where(step), step.since.label, needs(step)]
        for name, step in STEPS.items()
    ]
    return (
        "# Steps\n\nWhat `spdm-responder attest` can do: outside of sessions by `--do`, in them by"
        " `--session`. A step that the version or the capabilities do not allow is left out, and"
        " told as `step.unsupported`.\n\n"
        + table(["Step", "What it does", "Where", "Since", "Needs"], rows)
    )


def options() -> str:
    """Every verb with its help text."""
    context = click.Context(cli, info_name="spdm-responder")
    parts = ["# Command line\n"]
    parts.append(
        "Exit codes: " + ", ".join(f"{code.value} {code.name.lower()}" for code in Exit) + ".\n"
    )
    for verb in VERBS:
        command = cli.get_command(context, verb)
        if command is not None:
            parts.append(_help(command, context, verb))
    return "\n".join(parts)


def _help(command: click.Command, parent: click.Context, name: str) -> str:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=90)
    text = f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None:
                text += "\n" + _help(found, context, sub)
    return text


PAGES = {
    "requests.md": requests,
    "hooks.md": hooks,
    "resets.md": resets,
    "checks.md": checks,
    "steps.md": steps,
    "mailbox.md": mailbox,
    "faults.md": catalogue,
    "mutants.md": mutants,
    "options.md": options,
    "control.md": control,
    "tdisp.md": tdisp,
    "tsp.md": tsp,
    "config-space.md": config_space,
    "dma.md": dma,
    "events.md": events,
}


def main() -> int:
    """Write the pages, or say which are stale; 0 if all is well."""
    check = "--check" in sys.argv[1:]
    stale = []
    ROOT.mkdir(parents=True, exist_ok=True)
    texts = {ROOT / name: NOTE + make().rstrip() + "\n" for name, make in PAGES.items()}
    texts[DOCS / "personas.md"] = NOTE + personas()
    texts[LANGUAGE] = with_sections(LANGUAGE.read_text())
    texts[DOCS / "mqtt.md"] = with_topics((DOCS / "mqtt.md").read_text())
    texts[DOCS / "events.schema.json"] = schema_text()
    texts[DOCS / "pictures" / "live.svg"] = picture()
    texts[DOCS / "profile.schema.json"] = json_schema_text()
    texts[DOCS / "profiles.md"] = with_key_tables((DOCS / "profiles.md").read_text())
    for path, text in texts.items():
        if not path.exists() or path.read_text() != text:
            stale.append(str(path.relative_to(DOCS)))
            if not check:
                path.write_text(text)
    if check and stale:
        print(f"stale: {', '.join(stale)} (run scripts/generate_docs.py)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
