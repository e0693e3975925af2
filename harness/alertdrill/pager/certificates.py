"""Makes the pager's certificate, and the authority that Alertmanager checks it with.

Both live as long as the stack does, and the authority's own key is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from alertdrill.alertmanager.addresses import SERVER_NAMES


def make_certificate(hosts: Sequence[str]) -> tuple[bytes, bytes]:
    """Return the authority's certificate, and the server's key and certificate chain, as PEM.

    `hosts` are the names and addresses at which the server is reached; the certificate is for the names of
    the inboxes (`alertdrill.alertmanager.addresses.SERVER_NAMES`) too.
    """
    import trustme  # whoever only refers to a stack needs no cryptography

    authority = trustme.CA()
    server = authority.issue_cert(*hosts, SERVER_NAMES)
    return authority.cert_pem.bytes(), server.private_key_and_cert_chain_pem.bytes()
