"""Start the pager; its token is in `ALERTDRILL_PAGER_TOKEN`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from alertdrill.errors import BadInput
from alertdrill.pager.control import refuse
from alertdrill.pager.server import At, Setup, make_pager
from alertdrill.runtime.serving import serve


class AddressType(click.ParamType[At]):
    """`HOST:PORT`."""

    name = "HOST:PORT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> At:
        """Return host and port."""
        host, _, port = str(value).rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            self.fail(f"HOST:PORT is wanted, not {value!r}", param, ctx)
        return host, int(port)


@click.command()
@click.option("--listen", required=True, metavar="HOST:PORT", help="Where journal and control are.")
@click.option("--deliveries", type=AddressType(), required=True, help="Where to take notifications by HTTPS.")
@click.option("--smtp", type=AddressType(), required=True, help="Where to take notifications by SMTP.")
@click.option(
    "--certificate", type=click.Path(path_type=Path), required=True, help="Key and certificate chain, PEM."
)
@click.option("--webhooks", type=AddressType(), help="Where to take webhooks by HTTP, without a key.")
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), default=1.0)
def main(listen: str, deliveries: At, smtp: At, certificate: Path, webhooks: At | None, speed: float) -> None:
    """Take Alertmanager's notifications and keep a journal of them."""
    token = os.environ.get("ALERTDRILL_PAGER_TOKEN", "")
    if not token:
        raise click.UsageError("ALERTDRILL_PAGER_TOKEN must be set")
    try:
        app = make_pager(
            Setup(
                deliveries=deliveries,
                smtp=smtp,
                certificate=certificate,
                webhooks=webhooks,
                speed=speed,
                token=token,
            )
        )
    except BadInput as error:
        raise click.UsageError(str(error)) from error
    serve(app, refuse, listen)


if __name__ == "__main__":
    main()
