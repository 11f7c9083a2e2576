"""`buildtools completion`: the script that a shell evaluates to complete this program's words."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash:  eval "$(buildtools completion bash)"      in ~/.bashrc
    zsh:   eval "$(buildtools completion zsh)"       in ~/.zshrc
    fish:  buildtools completion fish | source       in ~/.config/fish/config.fish
    """  # noqa: D301 - click looks for the character itself
    from click.shell_completion import get_completion_class

    from buildtools.cli.main import COMPLETE, cli

    script = get_completion_class(shell)
    assert script is not None  # click knows all three
    click.echo(script(cli, {}, "buildtools", COMPLETE).source())
