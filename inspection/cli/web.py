"""`passline web`: the screens."""

from pathlib import Path
from typing import Annotated

import typer

from inspection.cli import app


@app.command("web")
def web(
    data: Annotated[Path, typer.Argument(help="The station's data folder.")],
    host: Annotated[
        str, typer.Option(help="Address to serve on; 0.0.0.0 lets the whole network in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to serve on; 0 takes any free one.")] = 8000,
    name: Annotated[
        list[str] | None,
        typer.Option(help="A further host name that the page may be opened by; may be repeated."),
    ] = None,
) -> None:
    """Serve the operator's screen of a data folder until Ctrl-C or SIGTERM."""
    from inspection.web.serve import serve

    def say(url: str) -> None:
        typer.echo(f"passline: screen of {data} on {url}; Ctrl-C stops it", err=True)

    serve(data, host, port, own_names=name or (), on_ready=say)
