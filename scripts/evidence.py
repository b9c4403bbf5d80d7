"""`kancha evidence`: check the sealed package of a case, and the key that signs such packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.opened import Data, opened

if TYPE_CHECKING:
    from service.cases.evidence.verifying import Verdict

app = typer.Typer(no_args_is_help=True, help="Evidence packages: check one, show the key that signs them.")


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="The package.")],
    key: Annotated[
        list[Path] | None, typer.Option(help="Public key (PEM) that may have signed it; repeatable. Else its own.")
    ] = None,
    authority: Annotated[
        list[Path] | None,
        typer.Option(help="Certificate (PEM) of an authority that may have stamped its time; repeatable."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="The verdict as one JSON object.")] = False,
) -> None:
    """Check an evidence package: form, files, signature, events, time stamp; exit 1 if anything is wrong.

    It needs the package and nothing else: no service, no data folder, no network.
    """
    from service.cases.evidence.verifying import verify as check

    keys, roots = [_read(path) for path in key or ()], [_read(path) for path in authority or ()]
    found = check(file, trusted=keys, authorities=roots)
    if json_:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    else:
        _show(found)
        if roots and found.stamp is None and found.holds:
            typer.echo("  It has no time stamp. 该证据包没有时间戳。")
    if not found.holds:
        raise typer.Exit(1)


@app.command("key")
def key(
    every: Annotated[bool, typer.Option("--all", help="Also the keys that signed before.")] = False,
    data: Data = None,
) -> None:
    """Print the public key that signs packages (PEM); its fingerprint goes to standard error.

    Publish both: whoever checks a package compares them. The key is made at the first need.
    """
    from service.settings import read_settings
    from service.usecases.evidence_keys import bureau_keys

    for one in bureau_keys(read_settings(data=data)):
        if every or one.replaced_at is None:
            until = "signs 现用" if one.replaced_at is None else f"until 用至 {one.replaced_at:%Y-%m-%d}"
            typer.echo(f"{one.name} {until}, SHA-256 fingerprint 指纹 {one.key.fingerprint}", err=True)
            typer.echo(one.key.pem.decode(), nl=False)


@app.command("rotate")
def rotate(data: Data = None) -> None:
    """Make a new key that signs from now on; the old public keys stay listed and their packages stay good."""
    from service.usecases.evidence_keys import rotate_bureau_key

    with opened(data, changes="evidence rotate") as services:
        made = rotate_bureau_key(services.settings)
    typer.echo(f"{made.name} signs now 现用, SHA-256 fingerprint 指纹 {made.key.fingerprint}")


def _read(path: Path) -> bytes:
    from geodata.errors import MissingFileError

    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingFileError(f"There is no file {path}.", remedy="Check the path.") from error


def _show(found: Verdict) -> None:
    """The verdict in both languages."""
    if found.case_id:
        made = f"made 制作 {found.created_at} {found.creator}"
        typer.echo(f"case 案件 {found.case_id}, {made}, {found.parts} parts 文件, {found.events} events 事件")
    if found.fingerprint:
        typer.echo(f"signed by 签名公钥 {found.fingerprint}")
    if found.fingerprint and found.trusted is None:
        typer.echo("  This key is the package's own: compare the fingerprint with the one that the bureau published.")
        typer.echo("  该公钥取自包内：请与执法机关公布的指纹核对，或用 --key 指定公钥。")
    if found.stamp is not None:
        typer.echo(f"time stamp 时间戳 {found.stamp.at.isoformat()}, number 编号 {found.stamp.serial}")
    if found.stamp is not None and not found.stamp_checked:
        typer.echo("  Not checked: name the authority's certificate with --authority.")
        typer.echo("  时间戳未核验：请用 --authority 指定时间戳机构证书。")
    for one in found.defects:
        typer.secho(f"{one.part or found.path.name}: {one.message} {one.message_zh}", err=True, fg="red")
    if found.holds:
        typer.secho("The package is as it was sealed. 校验通过：证据包与封存时一致。", fg="green")
    else:
        count = len(found.defects)
        typer.secho(f"The package does not hold: {count} defects. 校验不通过：共 {count} 处问题。", err=True, fg="red")
