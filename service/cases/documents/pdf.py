"""From Word to PDF by LibreOffice, where it is installed: a process of its own, shut in and bounded in time."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.cases.documents.errors import NoOfficeError, PdfError

MIN_PDF = 500
_FONTS = {
    "方正小标宋简体": "Noto Serif CJK SC",
    "方正小标宋_GBK": "Noto Serif CJK SC",
    "小标宋体": "Noto Serif CJK SC",
    "仿宋": "Noto Serif CJK SC",
    "仿宋_GB2312": "Noto Serif CJK SC",
    "FangSong": "Noto Serif CJK SC",
    "宋体": "Noto Serif CJK SC",
    "SimSun": "Noto Serif CJK SC",
    "楷体": "Noto Serif CJK SC",
    "楷体_GB2312": "Noto Serif CJK SC",
    "KaiTi": "Noto Serif CJK SC",
    "黑体": "Noto Sans CJK SC",
    "SimHei": "Noto Sans CJK SC",
}
"""What takes the place of a font of official documents that is not installed."""

_ITEM = '<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
_PAIR = (
    '<item oor:path="/org.openoffice.Office.Common/Font/Substitution/FontPairs">'
    '<node oor:name="_{number}" oor:op="replace"><prop oor:name="ReplaceFont"><value>{font}</value></prop>'
    '<prop oor:name="SubstituteFont"><value>{other}</value></prop>'
    '<prop oor:name="Always"><value>true</value></prop><prop oor:name="OnScreenOnly"><value>false</value></prop>'
    "</node></item>"
)
_SECURITY = "/org.openoffice.Office.Common/Security/Scripting"
_INET = "/org.openoffice.Inet/Settings"
_SETTINGS = (
    (_SECURITY, "DisableMacrosExecution", "true"),
    (_SECURITY, "MacroSecurityLevel", "3"),
    (_SECURITY, "BlockUntrustedRefererLinks", "true"),
    (_SECURITY, "DisableActiveContent", "true"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "0"),
    ("/org.openoffice.Office.Common/Font/Substitution", "Replacement", "true"),
    # whatever should want to reach out asks a proxy that is not there
    (_INET, "ooInetProxyType", "2"),
    (_INET, "ooInetHTTPProxyName", "127.0.0.1"),
    (_INET, "ooInetHTTPProxyPort", "9"),
    (_INET, "ooInetHTTPSProxyName", "127.0.0.1"),
    (_INET, "ooInetHTTPSProxyPort", "9"),
)


@dataclass(frozen=True)
class OfficeOptions:
    """How LibreOffice is called.

    Args:
        command: Its program; empty: the one that is found.
        limit_s: Seconds for a call, after which it is killed.
    """

    command: str = ""
    limit_s: float = 120.0


def office_command(options: OfficeOptions = OfficeOptions()) -> str:
    """The program that turns Word into PDF.

    Raises:
        NoOfficeError: If there is none.
    """
    for name in (options.command,) if options.command else ("soffice", "libreoffice"):
        found = shutil.which(name)
        if found:
            return found
    raise NoOfficeError(
        "LibreOffice is not installed, so no PDF can be made of a Word document.",
        remedy="On Debian: apt-get install --no-install-recommends libreoffice-writer-nogui fonts-noto-cjk. "
        "The Word document is complete without it.",
    )


def to_pdf(document: bytes, options: OfficeOptions = OfficeOptions()) -> bytes:
    """A Word document as PDF; see `all_to_pdf`."""
    return all_to_pdf([document], options)[0]


def all_to_pdf(documents: Sequence[bytes], options: OfficeOptions = OfficeOptions()) -> list[bytes]:
    """Word documents as PDF, in one call: starting LibreOffice takes longer than a document.

    Each call has a user profile of its own, without macros, updates of links or a way out, and is killed with
    everything that it started when its time is up.

    Args:
        documents: Word files that `fill` made.
        options: How LibreOffice is called.

    Returns:
        A PDF for each.

    Raises:
        NoOfficeError: If LibreOffice or a Chinese font is not installed.
        PdfError: If it fails or takes too long.
    """
    command = office_command(options)
    _require_chinese_font()
    with tempfile.TemporaryDirectory(prefix="kancha-pdf-") as name:
        folder = Path(name)
        _write_profile(folder / "profile")
        sources = [folder / f"{number}.docx" for number in range(len(documents))]
        for source, document in zip(sources, documents, strict=True):
            source.write_bytes(document)
        _run(_line(command, folder, sources), folder, options.limit_s)
        return [_made(folder / "out" / f"{source.stem}.pdf") for source in sources]


def _line(command: str, folder: Path, sources: Sequence[Path]) -> list[str]:
    return [
        command,
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--headless",
        "--norestore",
        "--nolockcheck",
        "--nodefault",
        "--convert-to",
        "pdf:writer_pdf_Export",
        "--outdir",
        str(folder / "out"),
        *map(str, sources),
    ]


def _run(line: Sequence[str], folder: Path, limit_s: float) -> None:
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LANG": "C.UTF-8", "TMPDIR": str(folder)}
    log = folder / "log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            line,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            start_new_session=True,
        )
        try:
            status = process.wait(limit_s)
        except subprocess.TimeoutExpired as error:
            raise PdfError(
                f"LibreOffice did not end within {limit_s:g} s.",
                remedy="Try again when the machine has less to do; the Word document is complete.",
                limit_s=limit_s,
            ) from error
        finally:
            _end(process)
    if status != 0:
        raise PdfError(
            f"LibreOffice ended with status {status}.",
            remedy="The Word document is complete; see that LibreOffice starts on this machine.",
            status=status,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it started: it leads a group of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _made(path: Path) -> bytes:
    if not path.is_file() or path.stat().st_size < MIN_PDF:
        raise PdfError("LibreOffice made no PDF of a document.", remedy="See that it opens in Word.")
    return path.read_bytes()


def _write_profile(profile: Path) -> None:
    """Settings of a profile that lives for one call."""
    installed = _installed_families()
    missing = {font: other for font, other in _FONTS.items() if font not in installed}
    pairs = (_PAIR.format(number=n, font=font, other=other) for n, (font, other) in enumerate(missing.items()))
    items = [_ITEM.format(path=path, name=name, value=value) for path, name, value in _SETTINGS]
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        + "\n".join([*items, *pairs])
        + "\n</oor:items>\n"
    )
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(text, encoding="utf-8")


def _fonts(*wanted: str) -> str | None:
    """What fontconfig lists; None where it is not installed."""
    lister = shutil.which("fc-list")
    if lister is None:
        return None
    done = subprocess.run([lister, *wanted, "family"], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout


def _installed_families() -> set[str]:
    listed = _fonts(":lang=zh-cn") or ""
    return {family.strip() for line in listed.splitlines() for family in line.split(",")}


def _require_chinese_font() -> None:
    listed = _fonts(":lang=zh-cn")
    if listed is not None and not listed.strip():
        raise NoOfficeError(
            "No font with Chinese characters is installed; the pages would be empty boxes.",
            remedy="On Debian: apt-get install fonts-noto-cjk.",
        )


def pdf_text(pdf: bytes) -> list[str]:
    """The text of each page, blanks and line breaks left out: to see that a PDF says what it should.

    Args:
        pdf: The PDF.

    Returns:
        A text for each page.

    Raises:
        PdfError: If it cannot be read.
    """
    import io

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        pages = PdfReader(io.BytesIO(pdf)).pages
        return ["".join(page.extract_text().split()) for page in pages]
    except (PyPdfError, ValueError, KeyError) as error:
        raise PdfError("The PDF cannot be read.", remedy="Make it again.") from error
