"""Attest a device that is not there, then two that lie; exit 0 only if it went as it should."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.rule import Rule

COMMAND = [sys.executable, "-m", "responder.cli.main"]
LISTEN = "spdm-emu+doe://127.0.0.1:0"
READY_TIMEOUT = 30.0

SCENES = (
    ("default", "A good device: the requester attests it.", 0),
    ("bad-signature", "A device whose signatures have one wrong bit: refused.", 1),
    ("stale-nonce", "A device that signs over the nonce before: refused.", 1),
)


@contextmanager
def device(profile: str) -> Iterator[str]:
    """A responder process on a free port; yields its URI, and ends it afterwards."""
    process = subprocess.Popen(
        [*COMMAND, "serve", profile, "--listen", LISTEN, "--log-level", "warning"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _ready_uri(process)
    finally:
        process.terminate()
        if process.wait(READY_TIMEOUT) != 0:
            raise SystemExit(f"the responder ended with {process.returncode}")


def _ready_uri(process: "subprocess.Popen[str]") -> str:
    for line in process.stdout or ():
        if line.startswith("READY "):
            return line.split()[1]
    raise SystemExit(f"the responder did not start: exit {process.wait()}")


def main() -> int:
    """Play all scenes; 0 if each ended as it should."""
    console = Console()
    wrong = []
    for profile, title, expected in SCENES:
        console.print(Rule(f"[bold]{profile}[/bold]: {title}"))
        with device(profile) as uri:
            sys.stdout.flush()
            code = subprocess.run([*COMMAND, "attest", uri], check=False).returncode
        if code != expected:
            wrong.append(f"{profile}: exit {code}, expected {expected}")
    console.print(Rule())
    for line in wrong:
        console.print(f"[red]{line}[/red]")
    if not wrong:
        console.print("One device attested, two lies refused.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
