"""The pager's certificate and its authority."""

from __future__ import annotations

import ssl
from ipaddress import ip_address

from cryptography import x509

from alertdrill.alertmanager.addresses import SERVER_NAMES
from alertdrill.pager.certificates import make_certificate


def test_the_certificate_is_for_the_hosts_and_for_every_inbox() -> None:
    """It is signed by the authority, and both are usable as PEM."""
    authority, server = make_certificate(["127.0.0.1", "pager"])
    issuer = x509.load_pem_x509_certificate(authority)
    leaf = x509.load_pem_x509_certificates(server)[0]
    leaf.verify_directly_issued_by(issuer)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["pager", SERVER_NAMES]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1")]
    ssl.create_default_context(cadata=authority.decode())


def test_the_authoritys_key_is_given_to_nobody() -> None:
    """Whoever has what is returned cannot sign anything, and each authority is another."""
    authority, server = make_certificate(["127.0.0.1"])
    assert b"PRIVATE KEY" not in authority
    assert server.count(b"PRIVATE KEY-----") == 2
    assert make_certificate(["127.0.0.1"])[0] != authority
