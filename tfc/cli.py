"""The command line."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

import tfc
from tfc import cli_bench, cli_emulate, cli_estimate, cli_fuzz, cli_models, cli_nas, cli_sparse, cli_tools
from tfc.cli_text import errors
from tfc.ir.diagnostic import Diagnostic

app = typer.Typer(help=tfc.__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
for verb in (cli_models.compile, cli_models.run, cli_models.verify):
    app.command()(verb)
app.command("eval")(cli_models.evaluate)
app.command()(cli_estimate.estimate)
app.command(cls=cli_emulate.Emulate)(cli_emulate.emulate)
app.command()(cli_bench.bench)
app.command()(cli_fuzz.fuzz)
for tool in (cli_tools.opt, cli_tools.ops, cli_tools.passes, cli_tools.kernels, cli_tools.targets):
    app.command()(tool)
nas = typer.Typer(help="Search for a network that fits a chip; docs/search.md.", no_args_is_help=True, rich_markup_mode=None)
nas.command("super")(cli_nas.choose)
for step in (cli_nas.train, cli_sparse.sparse, cli_nas.tune, cli_sparse.chain):
    nas.command()(step)
app.add_typer(nas, name="nas")


def main() -> NoReturn:
    """Exit 0; 1 for a diagnostic, a mismatch or a model that does not fit; 2 for usage."""
    try:
        app()
    except Diagnostic as error:
        errors.print(f"error: {error}", markup=False)
        sys.exit(1)
    sys.exit(0)


if __name__ == "__main__":
    main()
