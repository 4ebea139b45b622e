"""`sightline completion`: the shell completes commands and options. click's own, so no further library."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Print what makes a SHELL complete commands and options.

    \b
      eval "$(sightline completion bash)"     in ~/.bashrc
      eval "$(sightline completion zsh)"      in ~/.zshrc
      sightline completion fish > ~/.config/fish/completions/sightline.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"There is no completion for {shell}.")
    made = kind(context.find_root().command, {}, "sightline", "_SIGHTLINE_COMPLETE")
    click.echo(made.source())
