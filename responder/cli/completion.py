"""``spdm-responder completion``: let a shell complete what is typed."""

import click

VARIABLE = "_SPDM_RESPONDER_COMPLETE"
"""By which the shell asks; click's name for this program."""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for a shell.

    In ~/.bashrc: eval "$(spdm-responder completion bash)". In ~/.zshrc, after compinit: eval
    "$(spdm-responder completion zsh)". For fish: spdm-responder completion fish >
    ~/.config/fish/completions/spdm-responder.fish
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - not for --help

    from responder.cli.main import cli  # noqa: PLC0415 - which imports this module

    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"click does not know {shell}")
    click.echo(complete(cli, {}, "spdm-responder", VARIABLE).source())
