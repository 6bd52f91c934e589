"""`passline keys new`, `sign` and `verify`: who vouches for a model."""

from pathlib import Path
from typing import Annotated

import typer

from inspection.cli import app
from inspection.cli.training_options import BundleFolder, open_folder

keys = typer.Typer(no_args_is_help=True, help="Keys that models are signed with.")
app.add_typer(keys, name="keys")


@keys.command("new")
def new_command(
    file: Annotated[Path, typer.Argument(help="The private key; FILE.pub is the public one.")],
) -> None:
    """Make a key to sign models with, and print what a recipe needs to trust it."""
    from models.keys import new_key, public_file

    public = new_key(file)
    typer.echo(f"private key: {file} (keep it off the stations, and keep a copy)")
    typer.echo(f"public key: {public_file(file)}")
    typer.echo(f'in recipes, under [model]: trusted_keys = ["{public}"]')


@app.command("sign")
def sign_command(
    bundle: BundleFolder,
    key: Annotated[Path, typer.Option(help="The private key, as `passline keys new` made it.")],
) -> None:
    """Sign a model: stations that trust the key accept it, as long as no file of it changes."""
    from models.keys import read_private
    from models.signature import SIGNATURE_FILE, write_signature

    private = read_private(key)
    opened = open_folder(bundle)
    public = write_signature(bundle, opened.digest, private)
    typer.echo(f"{opened.label} signed with {public}: {bundle / SIGNATURE_FILE}")


@app.command("verify")
def verify_command(
    bundle: BundleFolder,
    trusted: Annotated[
        Path, typer.Option("--keys", help="A public key, or a folder of .pub files.")
    ],
) -> None:
    """Check that a model is as somebody signed it whose key is trusted."""
    from models.keys import read_public
    from models.signature import check_trusted

    known = read_public(trusted)
    opened = open_folder(bundle)
    check_trusted(opened.label, opened.signed_by, known)
    by = ", ".join(key for key in opened.signed_by if key in known)
    typer.echo(f"{opened.label} is as it was signed with {by}")
