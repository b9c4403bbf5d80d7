"""Time stamps of RFC 3161: another authority says that something was there at a time.

The authority sees a hash and nothing else. What asks it is given from outside (`Ask`), so that nothing here depends on
a network; `over_http` makes such a one.
"""

from __future__ import annotations

import http.client
import socket
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)

from geodata.errors import OptionError
from service.cases.evidence.der import in_order
from service.errors import StampError
from service.network import BoundedLine

Ask = Callable[[bytes], bytes]
"""Brings a request (DER) to an authority and gives its answer (DER)."""
Stamper = Callable[[bytes], bytes]
"""Has a message stamped and gives the authority's answer (DER)."""
_MOST_ANSWER = 256 * 1024
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True)
class Stamp:
    """What a time stamp says.

    Args:
        at: When the authority saw the message.
        serial: Number of the stamp at the authority.
        policy: The authority's policy, as an object identifier.
    """

    at: datetime
    serial: int
    policy: str


def stamper(ask: Ask) -> Stamper:
    """Has messages stamped by an authority.

    Args:
        ask: How the authority is asked.

    Returns:
        A function that gives the authority's answer over a message; it raises `StampError` where the answer is none, or
        is about something else.
    """

    def stamp(message: bytes) -> bytes:
        request = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
        answer = ask(request.as_bytes())
        told = _decoded(answer)
        if told.tst_info.nonce != request.nonce:
            raise StampError("The authority answered another question.", remedy="Ask again.", reason="nonce")
        if told.tst_info.message_imprint.message != request.message_imprint.message:
            raise StampError("The time stamp is over something else.", remedy="Ask again.", reason="imprint")
        return answer

    return stamp


def stamp_of(answer: bytes) -> Stamp:
    """What a time stamp says; nothing is checked.

    Raises:
        StampError: If it is none.
    """
    told = _decoded(answer).tst_info
    return Stamp(told.gen_time, told.serial_number, told.policy.dotted_string)


def check_stamp(answer: bytes, message: bytes, authorities: Sequence[x509.Certificate]) -> Stamp:
    """See that a time stamp is one of these authorities over this message.

    Args:
        answer: The authority's answer.
        message: What was stamped.
        authorities: Certificates that are trusted; those that signed themselves are roots, others lie between.

    Raises:
        StampError: If it is not.
    """
    told = _decoded(answer)
    roots = [one for one in authorities if one.issuer == one.subject]
    if not roots:
        raise OptionError("None of the certificates is a root.", remedy="Name the authority's root certificate.")
    between = [one for one in authorities if one.issuer != one.subject]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on crooked certificates
            VerifierBuilder(roots=roots, intermediates=between).build().verify_message(told, message)
    except Exception as error:  # the readers of certificates raise whatever a crafted one leads them to
        raise StampError(f"The time stamp does not hold: {error}.", remedy="", reason="verification") from error
    return stamp_of(answer)


def read_certificates(pem: bytes) -> list[x509.Certificate]:
    """Certificates from PEM, one or more.

    Raises:
        OptionError: If there is none.
    """
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise OptionError("That is no certificate in PEM.", remedy="Name the authority's certificate.") from error


def over_http(url: str, address: str, timeout_s: float = 20.0) -> Ask:
    """Asks an authority over HTTP (RFC 3161, 3.4).

    Args:
        url: Where the authority answers.
        address: The address of its host that was looked at and may be spoken to; nothing else is looked up.
        timeout_s: How long the whole may take, s.

    Returns:
        What raises `StampError` where the authority does not answer with a time stamp.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def ask(request: bytes) -> bytes:
        connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
        try:
            line = BoundedLine(socket.create_connection((address, port), timeout=timeout_s), timeout_s)
            try:
                if parts.scheme == "https":
                    line.encrypt(host)
                connection.sock = line.socket
                connection.request("POST", path, request, {"Content-Type": _QUERY, "Accept": _REPLY})
                with connection.getresponse() as answer:
                    return _body(answer, host, line)
            finally:
                line.close()
        except (OSError, http.client.HTTPException) as error:
            raise StampError(
                f"The authority {host[:80]} does not answer ({type(error).__name__}).",
                remedy="Try again later, or make the package without a time stamp.",
                reason="unreachable",
            ) from error
        finally:
            connection.close()

    return ask


def _body(answer: http.client.HTTPResponse, host: str, line: BoundedLine) -> bytes:
    told = answer.read(_MOST_ANSWER + 1)
    if line.was_cut:
        raise TimeoutError
    kind = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    if answer.status != 200 or kind != _REPLY or len(told) > _MOST_ANSWER:
        raise StampError(
            f"The authority {host[:80]} answers {answer.status} with {len(told)} bytes of {kind[:60] or 'no kind'}.",
            remedy="Compare its address with what the authority says.",
            reason="refused",
            status=answer.status,
        )
    return told


def _decoded(answer: bytes) -> TimeStampResponse:
    try:
        told = decode_timestamp_response(in_order(answer))
        status = told.status
        if status == 0:
            # the library reads these on demand: now is when they have to be readable
            _ = (told.tst_info.gen_time, told.tst_info.policy, told.signed_data.certificates)
    except (ValueError, TypeError) as error:
        raise StampError("That is no answer of RFC 3161.", remedy="See what answers there.", reason="form") from error
    if status != 0:
        raise StampError(
            f"The authority refused (status {status}).", remedy="See what it allows.", reason="refused", status=status
        )
    return told
