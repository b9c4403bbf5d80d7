"""The words within a package: how it is checked with what every Linux has, in Chinese and English."""

from __future__ import annotations

_TEXT = """\
证据包 {case}
Evidence package {case}

一、用勘查校验   Check it with Kancha (offline, nothing else needed)

    kancha evidence verify FILE.zip --key PUBLIC.pem{authority}

二、不用勘查校验   Check it without Kancha

解压后在该目录内执行。需要 sha256sum 和 OpenSSL 3.0 以上；终端字符集应为 UTF-8。
Unpack it and run this in its folder. It takes sha256sum and OpenSSL 3.0 or newer, in a UTF-8 terminal.

1. 签名：应显示 Signature Verified Successfully
   The signature: it must say Signature Verified Successfully

    openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in manifest.json -sigfile manifest.sig

2. 公钥：下列命令的结果应与执法机关公布的指纹一致。公钥随包提供，仅凭包内公钥不能证明签名人是谁。
   The key: this must print the fingerprint that the bureau has published. The key comes with the package: by itself
   it does not prove who signed.

    openssl pkey -pubin -in signer.pem -outform DER | sha256sum

   包内公钥的指纹   Fingerprint of the key within:
    {fingerprint}

3. 校验和清单：结果应为 1
   The list of checksums: it must print 1

    grep -c "$(sha256sum SHA256SUMS | cut -d ' ' -f 1)" manifest.json

4. 各文件：每行应显示 OK
   The files: every line must say OK

    sha256sum -c SHA256SUMS
{stamp}
三、内容   What is in it

manifest.json 列明每个文件的名称、种类、来源、大小和 SHA-256，以及案件全部事件。
每个事件含前一事件的哈希值，缺少任何一条都会显现。
manifest.json tells of every file its name, kind, provenance, size and SHA-256, and all events of the case. Each event
holds the hash of the one before it, so that a missing one shows.

影像判读结果是线索，不是结论。   A finding from imagery is a lead, not a verdict.
"""
_STAMP = """
5. 时间戳：CA.pem 为时间戳机构的根证书；应显示 Verification: OK
   The time stamp: CA.pem is the root certificate of the time stamping authority; it must say Verification: OK

    openssl ts -verify -in manifest.tsr -data manifest.sig -CAfile CA.pem
    openssl ts -reply -in manifest.tsr -text
    openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in manifest.tsr -sigfile manifest.tsr.sig
"""


def readme(case_id: str, fingerprint: str, *, stamped: bool) -> bytes:
    """The words of a package.

    Args:
        case_id: The case.
        fingerprint: Of the key that signs.
        stamped: Whether it has a time stamp.
    """
    authority, stamp = (" --authority CA.pem", _STAMP) if stamped else ("", "")
    return _TEXT.format(case=case_id, fingerprint=fingerprint, authority=authority, stamp=stamp).encode()
