"""What a mail server takes for a message."""

from __future__ import annotations

import pytest

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Attempt
from alertdrill.alertmanager.receivers.email import read_mail

ADDRESS = Address(receiver="night", integration="email")
HEADERS = {
    "From": "Alertmanager <am@example.com>",
    "To": "oncall@example.com",
    "Subject": "=?utf-8?q?it_is_slow=2C_=C3=A9?=",
    "Date": "Sat, 21 Nov 2026 20:56:44 +0000",
    "X-Alertdrill-Tag": "alertname=Slow&;0123=resolved&",
    "MIME-Version": "1.0",
    "Content-Type": 'multipart/alternative; boundary="b"',
}
HTML = (
    "<html><head><title>t</title><style>p {}</style></head>"
    "<body><p>very &amp;\r\n <b>slow</b></p></body></html>"
)
BODY = f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{HTML}\r\n--b--\r\n"


def read(body: str = BODY, **changes: str | None) -> Attempt:
    """Return what a message says; a header that is None is left out."""
    headers = HEADERS | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}\r\n" for name, value in headers.items() if value is not None]
    content = "".join([*lines, "\r\n", body]).encode()
    return read_mail(ADDRESS, content, sender="am@example.com", recipients=("oncall@example.com",))


def test_a_message_is_read_as_a_person_reads_it() -> None:
    """The title is the decoded subject, the text is what the HTML shows."""
    attempt = read()
    assert attempt.why == ""
    assert attempt.refusal is None
    assert attempt.answer.status == 250
    assert (attempt.title, attempt.text) == ("it is slow, é", "very & slow")
    assert attempt.payload["to"] == ["oncall@example.com"]
    assert "<b>slow</b>" in attempt.payload["html"]


def test_plain_text_is_preferred() -> None:
    """Where there is a part of plain text, it is the text."""
    plain = f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplainly\r\n{BODY}"
    assert read(plain).text.strip() == "plainly"


@pytest.mark.parametrize("name", ["X_Alertdrill_Tag", "X_alertdrill_tag"])
def test_the_tag_is_a_header_however_it_is_written(name: str) -> None:
    """Alertmanager changes the case of a header's name; the tag tells the group, and is taken out."""
    attempt = read(**{"X_Alertdrill_Tag": None, name: "alertname=Slow&;0123=resolved&"})
    assert (attempt.does, attempt.key) == ("resolve", '{alertname="Slow"}')
    assert "tag" not in str(attempt.payload).lower()


def test_lines_are_measured_without_the_tag() -> None:
    """The tag may be longer than a line may be, and may be folded."""
    alerts = "".join(f"{number:016x}=firing&\r\n " for number in range(1000))
    attempt = read(X_Alertdrill_Tag=f"alertname=Slow&;{alerts.rstrip()}")
    assert attempt.refusal is None
    assert len(attempt.alerts) == 1000
    assert len(read(X_Alertdrill_Tag=f"a=b&;{'0123456789abcdef=firing&' * 1000}").alerts) == 1000


@pytest.mark.parametrize(
    ("body", "changes", "why"),
    [
        (BODY, {"From": None}, "From is not there once"),
        (BODY, {"To": None}, "To is not there once"),
        (BODY, {"Subject": None}, "Subject is not there once"),
        (BODY, {"Date": None}, "Date is not there once"),
        (BODY, {"Date": "yesterday"}, "Date is no date"),
        (BODY, {"To": "nobody"}, "To has no address"),
        (BODY, {"X_Long": "x" * 999}, "a line is longer than 998 characters"),
        (f"--b\r\n\r\n{'x' * 999}\r\n--b--\r\n", {}, "a line is longer than 998 characters"),
        (BODY.replace("\r\n\r\n", "\r\n\n"), {}, "a line does not end with CRLF"),
        ("no part at all", {}, "the message is malformed"),
        (BODY, {"Content_Type": "multipart/alternative"}, "the message is malformed"),
    ],
)
def test_a_message_that_breaks_the_standards_is_refused(
    body: str, changes: dict[str, str | None], why: str
) -> None:
    """It is answered 554, for good, and why."""
    attempt = read(body, **changes)
    assert attempt.why.startswith(why)
    assert attempt.refusal is not None
    assert attempt.refusal.status == 554


def test_a_charset_that_nobody_knows_is_refused() -> None:
    """A part that cannot be read makes the message one that cannot be read."""
    assert "cannot be read" in read(BODY.replace("utf-8", "utf-99")).why
