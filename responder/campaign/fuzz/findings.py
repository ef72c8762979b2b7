"""Saves what a requester breaks down on: a profile for each, and how to see it again."""

from hashlib import sha256
from pathlib import Path

from responder.campaign.fuzz.behaviour import Signature
from responder.campaign.fuzz.inputs import Input, fault_of
from responder.campaign.fuzz.search import Breakdown
from responder.campaign.rehearsal import setting_named
from responder.campaign.target import Target
from responder.campaign.targets.served import transport_of
from responder.campaign.written_device import profile_text, written_device
from responder.faults.written import written

README = "README.md"
_REPLAY = "Replay: "
_PAGE = """\
# What {target} breaks down on

Found by `spdm-responder campaign fuzz` in the conversation `{setting}`. Each file is a profile: the
device, and the fault that the requester does not stand.

To see one again, serve it in this folder as its line says, and connect the requester to it:
`{command}`.

"""
_DIGEST_DIGITS = 8


class Findings:
    """A folder with a profile for each breakdown, and a page that names them."""

    def __init__(self, folder: Path, target: Target, setting: str, seed: bytes) -> None:
        """Save to ``folder``, which is made with the first finding.

        Args:
            folder: where.
            target: the requester under test.
            setting: the conversation, by name.
            seed: of all randomness of the device.
        """
        self._folder = folder
        self._target = target
        self._setting = setting_named(setting)
        self._seed = seed

    def path(self, signature: Signature) -> Path:
        """The profile of a breakdown."""
        digest = sha256(f"{signature.kind} {signature.text}".encode()).hexdigest()
        return self._folder / f"{signature.kind}-{digest[:_DIGEST_DIGITS]}.toml"

    def save(self, found: Breakdown, rules: Input, note: str) -> Path:
        """Write the profile of a breakdown, and the page anew; give the profile's path.

        Args:
            found: the breakdown.
            rules: an input that shows it.
            note: what is known about that.

        Raises:
            OSError: it cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self.path(found.signature)
        device = written_device(self._setting, narrowed=True)
        head = [
            f"{found.signature.kind}: {found.signature.text}",
            f"Seen first in run {found.run}: {found.said}. {note}",
            f"{_REPLAY}{self._replay(path)}",
        ]
        comment = "".join(f"# {' '.join(line.split())}\n" for line in head)
        path.write_text(comment + "\n" + profile_text(device, written(fault_of(rules))), "utf-8")
        (self._folder / README).write_text(self._page(), "utf-8")
        return path

    def _replay(self, path: Path) -> str:
        transport = transport_of(self._setting, self._target) or self._target.transports[0]
        scheme, port = (
            ("dsp0287", 4194) if transport == "dsp0287" else (f"spdm-emu+{transport}", 2323)
        )
        where = f"--listen {scheme}://127.0.0.1:{port}"
        return f"spdm-responder serve {path.name} --seed {self._seed.hex()} {where}"

    def _page(self) -> str:
        command = " ".join(self._target.command) or f"the requester {self._target.name}"
        text = _PAGE.format(target=self._target.name, setting=self._setting.name, command=command)
        for path in sorted(self._folder.glob("*-*.toml")):
            what, seen, replay = (line[2:] for line in path.read_text("utf-8").splitlines()[:3])
            text += f"- `{path.name}`: {what}. {seen}\n  `{replay.removeprefix(_REPLAY)}`\n"
        return text
