"""Sending one message by one channel: signed webhooks, robots, templates, and Apprise for everything else."""

from __future__ import annotations

import http.client
import re
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from service.alarms.signing import robot_query, signed_headers
from service.alarms.targets import Target, target_of, target_of_url
from service.alarms.values import Outcome
from service.alarms.wording import Words
from service.errors import TargetError
from service.network import BoundedLine, Network, is_inner

STYLES = ("cloudevents", "robot", "template")
_MOST_ANSWER = 64 * 1024
_TITLE_BYTES = 400
_ROBOT_BYTES, _WECOM_BYTES = 18_000, 2_048
_WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="
_DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token="
_OWN_HOST = frozenset({"json", "jsons", "form", "forms", "xml", "xmls"})
_MAIL = frozenset({"mailto", "mailtos"})
_NEVER = re.compile(r"(?i)[?&](pgp\w*|wkd|verify|redirect|smtp_\w*|cto|rto)=")
_STATUS = re.compile(r"error=(\d{3})")


@dataclass(frozen=True)
class Outgoing:
    """A message ready to be sent.

    Args:
        id: Its id, the same at every try.
        type: Type of the event.
        source: Address of this service.
        subject: What it is about.
        at: When it was put together.
        words: Title and text by language.
        data: What it tells other systems.
        link: Where more is.
        attempt: How often it is tried.
        repetition: Whether it may have arrived before.
        pictures: Name and PNG of the pictures that go with it.
    """

    id: str
    type: str
    source: str
    subject: str
    at: datetime
    words: Mapping[str, Words]
    data: Mapping[str, Any]
    link: str
    attempt: int = 1
    repetition: bool = False
    pictures: Sequence[tuple[str, bytes]] = field(default=(), repr=False)

    def words_in(self, language: str) -> Words:
        """Title and text; they say so where the message may have arrived before."""
        found = self.words[language]
        if not self.repetition:
            return found
        note = "（可能重复）" if language == "zh" else " (may be a repetition)"
        return Words(found.title + note, found.text)

    def as_cloudevent(self) -> dict[str, Any]:
        """The message as an event of CloudEvents 1.0, structured mode."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": f"kancha.{self.type}",
            "subject": self.subject,
            "time": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "attempt": self.attempt,
            "repetition": self.repetition,
            "data": dict(self.data),
        }


@dataclass(frozen=True)
class Line:
    """What sending may use.

    Args:
        networks: Inner networks that may be spoken to.
        schemas: Kinds of Apprise addresses that may be used.
        timeout_s: Time for one try, s.
    """

    networks: tuple[Network, ...]
    schemas: tuple[str, ...]
    timeout_s: float


def send_webhook(config: Mapping[str, Any], message: Outgoing, line: Line) -> Outcome:
    """Send a message to an address of the web.

    Args:
        config: `url`, `style`; `secret` that signs, or of the robot; `template` and `headers` of a gateway; `language`.
        message: The message.
        line: What may be used.
    """
    style, url = config.get("style", "cloudevents"), str(config["url"])
    now = time.time()
    headers = {"user-agent": "Kancha", "content-type": "application/json; charset=utf-8"}
    words = message.words_in(config.get("language", "zh"))
    if style == "cloudevents":
        body = orjson.dumps(message.as_cloudevent())
        headers["content-type"] = "application/cloudevents+json; charset=utf-8"
        headers |= signed_headers(str(config["secret"]), message.id, int(now), body)
    elif style == "robot":
        text = f"{words.title}\n{words.text}".encode()[: _robot_bytes(url)].decode("utf-8", "ignore")
        mentioned = {"at": {"atMobiles": config["mobiles"], "isAtAll": False}} if config.get("mobiles") else {}
        body = orjson.dumps({"msgtype": "text", "text": {"content": text}, **mentioned})
        if config.get("secret"):
            mark = "&" if "?" in url else "?"
            url = f"{url}{mark}{robot_query(str(config['secret']), int(now * 1000))}"
    else:
        values = {"id": message.id, "title": words.title, "text": words.text, "link": message.link}
        body = orjson.dumps(filled(config["template"], values))
        headers |= {str(name).lower(): str(value) for name, value in (config.get("headers") or {}).items()}
    return _post(url, body, headers, line, robot=style == "robot")


def filled(template: Any, values: Mapping[str, str]) -> Any:
    """A template of JSON with `{title}`, `{text}`, `{link}`, `{id}` in its texts put in.

    >>> filled({"to": ["138"], "msg": "{title}!"}, {"title": "a{id}", "id": "7"})
    {'to': ['138'], 'msg': 'a{id}!'}
    """
    if isinstance(template, str):
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), template)
    if isinstance(template, Mapping):
        return {name: filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    return template


def _post(url: str, body: bytes, headers: Mapping[str, str], line: Line, *, robot: bool) -> Outcome:
    try:
        target = target_of_url(url, line.networks)
    except TargetError as error:
        return Outcome(False, error.message, busy=True)
    where, asked = f"{target.host}:{target.port}", [False]
    try:
        status, answer = _exchange(url, target, body, headers, (line.timeout_s, asked))
    except TimeoutError:
        return Outcome(False, f"{where} did not answer in {line.timeout_s:g} s.", unsure=asked[0], busy=True)
    except (OSError, http.client.HTTPException) as error:
        # the text of an error may hold the address, which is a secret
        return Outcome(False, f"No answer of {where} ({type(error).__name__}).", unsure=asked[0], busy=True)
    if not 200 <= status < 300:
        later = status >= 500 or status in (408, 429)
        return Outcome(False, f"{where} answered {status}.", unsure=status >= 500, busy=later)
    if robot and (code := _robot_code(answer)) != 0:
        return Outcome(False, f"{where} refused the message (errcode {code}).")
    return Outcome(True)


def _robot_code(answer: bytes) -> int:
    """The code with which robots refuse a message that HTTP says was taken."""
    try:
        told = orjson.loads(answer)
        return int(told.get("errcode") or told.get("code") or 0) if isinstance(told, dict) else 0
    except (ValueError, TypeError):
        return 0


def _exchange(
    url: str, target: Target, body: bytes, headers: Mapping[str, str], bounds: tuple[float, list[bool]]
) -> tuple[int, bytes]:
    """Post to the very address that was looked at; no redirect is followed, and the whole takes a bounded time."""
    timeout_s, asked = bounds
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # whoever answers a byte at a time keeps no sender: the line is cut at the end of the time
    line = BoundedLine(socket.create_connection((target.address, target.port), timeout=timeout_s), timeout_s)
    connection = http.client.HTTPConnection(target.host, target.port, timeout=timeout_s)
    try:
        if parts.scheme == "https":
            line.encrypt(target.host)
        connection.sock = line.socket
        asked[0] = True
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        told = answer.read(_MOST_ANSWER)
        if line.was_cut:
            raise TimeoutError  # what has no announced length looks whole
        return answer.status, told
    except (OSError, http.client.HTTPException):
        if line.was_cut:
            raise TimeoutError from None
        raise
    finally:
        connection.close()
        line.close()


# --- apprise -------------------------------------------------------------------------------------


def check_apprise(url: str, line: Line) -> Any:
    """The service of an Apprise address, if it may be used.

    Raises:
        TargetError: If its kind is not allowed, it cannot be read, or leads where nothing may be sent.
    """
    import apprise

    schema = url.partition("://")[0].lower()
    if schema not in line.schemas or _NEVER.search(url):
        raise TargetError(
            f"An address of the kind {schema[:20]!r}, or one of its options, is not allowed.",
            remedy=f"Known: {', '.join(line.schemas)}; an administrator adds others by KANCHA_ALARMS__SCHEMAS.",
        )
    asset = apprise.AppriseAsset(http_redirects=False, secure_logging=True, app_id="Kancha", app_desc="Kancha 勘查")
    service: Any = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None:
        raise TargetError("The address cannot be read.", remedy="docs/alarms.md shows how each kind is written.")
    if schema in _OWN_HOST:
        found = target_of(str(service.host), int(service.port or (443 if service.secure else 80)), line.networks)
        if not service.secure and not is_inner(found.address, line.networks):
            raise TargetError("Findings do not travel in the clear.", remedy=f"Use {schema}s://.")
    elif schema in _MAIL:
        target_of(str(service.smtp_host), int(service.port or 25), line.networks)
    return service


def as_robot(url: str, service: Any) -> dict[str, Any] | None:
    """The robot that an Apprise address means, as a webhook of that style; None where it means none.

    These robots answer 200 also where they refuse a message (a wrong key, too many a minute) and say so in the answer
    alone, which Apprise 2.3 does not read: an alarm would be lost that counts as sent.
    """
    schema = url.partition("://")[0].lower()
    if schema == "wecombot":
        return {"url": f"{_WECOM}{quote(str(service.key), safe='')}", "style": "robot"}
    if schema == "dingtalk":
        told = {"url": f"{_DINGTALK}{quote(str(service.token), safe='')}", "style": "robot", "secret": service.secret}
        return told | {"mobiles": list(service.targets)}
    return None


def send_apprise(config: Mapping[str, Any], message: Outgoing, line: Line) -> Outcome:
    """Send a message by Apprise: `url` and `language` of the config."""
    import apprise

    try:
        service = check_apprise(str(config["url"]), line)
    except TargetError as error:
        return Outcome(False, error.message, busy=True)
    robot = as_robot(str(config["url"]), service)
    if robot is not None:
        return send_webhook({**config, **robot}, message, line)
    schema = str(config["url"]).partition("://")[0]
    words = message.words_in(config.get("language", "zh"))
    with tempfile.TemporaryDirectory(prefix="kancha-") as folder:
        pictures = []
        for name, content in message.pictures if service.attachment_support else ():
            path = Path(folder) / f"{name}.png"
            path.write_bytes(content)
            pictures.append(str(path))
        sender = apprise.Apprise()
        sender.add(service)
        try:
            done = sender.notify(body=words.text, title=words.title, attach=pictures or None, timeout=line.timeout_s)
        except Exception as error:
            # whatever goes wrong in one of a hundred services of others, the message is tried again
            return Outcome(False, f"{schema}: {type(error).__name__}.", unsure=True, busy=True)
    if done:
        return Outcome(True)
    code = _STATUS.search(str(done.logs()) if hasattr(done, "logs") else "")
    return Outcome(False, f"{schema}: the message was not taken{f' ({code[1]})' if code else ''}.", True, True)


def longest_text(kind: str, config: Mapping[str, Any], line: Line) -> int:
    """Bytes that the text of a message may have; a title stands beside it.

    Args:
        kind: Kind of the channel.
        config: Its address.
        line: What may be used.
    """
    url = str(config.get("url", ""))
    if kind == "apprise":
        try:
            service = check_apprise(url, line)
        except TargetError:
            return _ROBOT_BYTES
        robot = as_robot(url, service)
        if robot is None:
            return max(600, min(int(service.body_maxlen), 30_000) - _TITLE_BYTES)
        url = str(robot["url"])
    elif config.get("style") != "robot":
        return 1 << 17
    return _robot_bytes(url) - _TITLE_BYTES


def _robot_bytes(url: str) -> int:
    return _WECOM_BYTES if urlsplit(url).hostname == urlsplit(_WECOM).hostname else _ROBOT_BYTES
