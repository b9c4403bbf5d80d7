"""The certificates of a time stamp in the order that DER asks for.

They are a SET OF, whose members stand in ascending order in DER (X.690, 11.6). Authorities that run OpenSSL send them
as they were configured, and a strict reader then refuses the whole answer. No signature covers that order.
"""

from __future__ import annotations

_SEQUENCE, _CONTEXT_0 = 0x30, 0xA0
_WAY = (
    (_SEQUENCE, 1),  # TimeStampResp: status, timeStampToken
    (_SEQUENCE, 1),  # ContentInfo: contentType, content
    (_CONTEXT_0, 0),
    (_SEQUENCE, 3),  # SignedData: version, digestAlgorithms, encapContentInfo, certificates
)
"""Tag of each value on the way to the certificates, and which of its members leads on."""


def in_order(answer: bytes) -> bytes:
    """An authority's answer with its certificates in ascending order; as it is where they cannot be found.

    Args:
        answer: TimeStampResp of RFC 3161, DER.
    """
    begin, end = 0, len(answer)
    try:
        for tag, which in _WAY:
            inner = _inside(answer, begin, end, tag)
            begin, end = _members(answer, *inner)[which]
        inner = _inside(answer, begin, end, _CONTEXT_0)
        found = [answer[a:b] for a, b in _members(answer, *inner)]
    except (IndexError, ValueError):
        return answer
    return answer[: inner[0]] + b"".join(sorted(found)) + answer[inner[1] :]


def _inside(data: bytes, begin: int, end: int, tag: int) -> tuple[int, int]:
    """Where the content of the value lies that begins here."""
    if data[begin] != tag:
        raise ValueError("another value")
    size, at = data[begin + 1], begin + 2
    if size & 0x80:
        count = size & 0x7F
        size, at = int.from_bytes(data[at : at + count]), at + count
    if at + size > end:
        raise ValueError("longer than what holds it")
    return at, at + size


def _members(data: bytes, begin: int, end: int) -> list[tuple[int, int]]:
    """Where each value within a content begins and ends."""
    found = []
    while begin < end:
        _, after = _inside(data, begin, end, data[begin])
        found.append((begin, after))
        begin = after
    return found
