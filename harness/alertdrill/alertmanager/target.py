"""The pager as Alertmanager reaches it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from alertdrill.alertmanager.addresses import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The pager, as Alertmanager reaches it: HTTPS at `url`, SMTP at `smarthost` (`host:port`).

    Files are named as Alertmanager sees them: `ca_file` signed the pager's certificate, `token_file` holds
    the pager's `token`, `templates_folder` the template files of the config. An Alertmanager that can records
    its events in `events_file`.
    """

    url: str
    smarthost: str
    ca_file: str
    token_file: str
    token: str = field(repr=False)
    templates_folder: str
    events_file: str | None = None

    def trust(self, address: Address) -> dict[str, Any]:
        """Return the TLS settings of an inbox: who signed its certificate, and which name it is asked for."""
        return {"ca_file": self.ca_file, "server_name": address.server_name}

    def connect(self, address: Address) -> dict[str, Any]:
        """Return the HTTP settings of an inbox that is opened by the pager's token."""
        return {
            "authorization": {"credentials_file": self.token_file},
            "tls_config": self.trust(address),
        }
