"""Words, signatures and targets of messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.errors import OptionError
from service.alarms.sending import Line, Outgoing, as_robot, check_apprise, filled, longest_text
from service.alarms.signing import new_secret, robot_query, signed_headers
from service.alarms.targets import target_of, target_of_url
from service.alarms.wording import Item, Words, by_street, words_of
from service.errors import TargetError
from service.network import is_allowed

NETWORK = (ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("127.0.0.0/8"))
TOLD: dict[str, Any] = {
    "status": "suspected", "change": "appeared", "stage": "under_construction", "confidence": 0.92, "area_m2": 350.0,
    "flags": ["protected_land"], "priority": 0.5,
    "reasons": [{"code": "in_zone", "message": "In farmland.", "message_zh": "疑似位于永久基本农田内。"}],
}  # fmt: skip


def item(number: int, street: str = "东街", grade: str = "usual", **more: Any) -> Item:
    told = TOLD | {"priority": number / 1000}
    return Item(f"a{number}", f"f{number}", f"s{number}", "first", grade, street, (114.0, 36.0), told,  # type: ignore[arg-type]
                f"http://k/f{number}", f"http://k/f{number}/chip.png", **more)  # fmt: skip


def test_a_message_says_what_where_why_and_leads_there() -> None:
    zh = words_of([item(1, grade="gravest")], "alarm", "http://k/alarms", "zh")
    assert zh.title == "勘查【紧急】1 处疑似在保护性用地上在建（东街）"
    for part in ("■ 东街（1）", "在建 · 新增 · 疑似违法建设 · 350 m² · 把握 92%", "疑似位于永久基本农田内。",
                 "位置 114.000000, 36.000000  http://k/f1", "http://k/alarms", "线索"):  # fmt: skip
        assert part in zh.text, (part, zh.text)
    en = words_of([item(1)], "digest", "http://k/alarms", "en")
    assert en.title == "Kancha: Digest: 1 suspected new structures (东街)" and "In farmland." in en.text


def test_structures_are_grouped_by_street_the_gravest_first() -> None:
    some = [item(1, "西街"), item(2, "东街"), item(3, ""), item(4, "南街", "gravest"), item(5, "东街")]
    assert [(name, [one.finding_id for one in part]) for name, part in by_street(some)] == [
        ("南街", ["f4"]), ("东街", ["f5", "f2"]), ("西街", ["f1"]), ("", ["f3"])]  # fmt: skip
    text = words_of(some, "digest", "x", "zh").text
    assert text.count("■") == 4 and "街道不详" in text


def test_what_is_too_secret_is_told_of_without_a_word_about_it() -> None:
    veiled = item(7, "密街", veiled=True)
    words = words_of([veiled], "alarm", "x", "zh")
    for part in ("密街", "114.0", "农田", "350"):
        assert part not in words.title + words.text + json.dumps(veiled.as_dict(), ensure_ascii=False)
    assert "密级较高" in words.text


@given(st.integers(1, 400), st.integers(600, 4000), st.sampled_from(["zh", "en"]))
def test_a_text_keeps_its_length_and_counts_what_it_leaves_out(count: int, room: int, language: str) -> None:
    words = words_of([item(k) for k in range(count)], "digest", "http://k/alarms", language, room)
    assert len(words.text.encode()) <= room
    shown = sum(f"http://k/f{k}" in words.text.split() for k in range(count))
    more = f"另有 {count - shown} 处" if language == "zh" else f"{count - shown} more"
    assert (more in words.text) is (shown < count)


def test_a_repetition_says_so() -> None:
    words = {"zh": Words("标题", "文"), "en": Words("Title", "text")}
    message = Outgoing("m", "alarm", "http://k", "a", datetime(2026, 1, 1, tzinfo=UTC), words, {"x": 1}, "l", 2, True)
    assert message.words_in("zh").title == "标题（可能重复）"
    event = message.as_cloudevent()
    assert (event["specversion"], event["id"], event["type"], event["repetition"], event["attempt"]) == (
        "1.0", "m", "kancha.alarm", True, 2)  # fmt: skip
    assert event["time"] == "2026-01-01T00:00:00.000Z"
    # CloudEvents 1.0, 3.1: names of attributes are lower-case letters and digits
    assert all(name.isalnum() and name.islower() for name in event)


def test_a_signature_is_that_of_standard_webhooks() -> None:
    # the example of its specification
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    told = signed_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert told["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert told["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek" and told["webhook-timestamp"] == "1614265330"
    assert new_secret() != new_secret() and len(base64.b64decode(new_secret()[6:])) == 32
    for bad in ("", "whsec_", "whsec_ab", "not base64!"):
        with pytest.raises(OptionError):
            signed_headers(bad, "m", 1, b"")


def test_a_robot_gets_the_seal_that_dingtalk_describes() -> None:
    told = parse_qs(robot_query("SEC000", 1700000000000))
    seal = hmac.new(b"SEC000", b"1700000000000\nSEC000", hashlib.sha256).digest()
    assert told == {"timestamp": ["1700000000000"], "sign": [base64.b64encode(seal).decode()]}


def test_a_template_of_a_gateway_is_filled_and_never_more() -> None:
    template = {"to": ["138", 7, None], "msg": {"text": "{title}: {text} {unknown}"}, "{title}": "k"}
    told = filled(template, {"title": 'a"b', "text": "{title}", "link": "l", "id": "i"})
    assert told == {"to": ["138", 7, None], "msg": {"text": 'a"b: {title} {unknown}'}, "{title}": "k"}


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
     "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "ff02::1"],
)  # fmt: skip
def test_nothing_is_sent_into_inner_networks(address: str) -> None:
    assert not is_allowed(address, ())
    with pytest.raises(TargetError, match="nothing may be sent"):
        target_of("name.example", 443, (), lambda host, port: [address])
    with pytest.raises(TargetError):
        target_of("name.example", 443, (), lambda host, port: ["8.8.8.8", address])


def test_the_open_internet_and_named_networks_are_reached() -> None:
    assert is_allowed("8.8.8.8", ()) and is_allowed("2001:4860:4860::8888", ()) and is_allowed("64:ff9b::808:808", ())
    assert is_allowed("10.1.2.3", NETWORK) and not is_allowed("10.2.2.3", NETWORK)
    assert is_allowed("::ffff:10.1.2.3", NETWORK)
    found = target_of_url("https://hook.example:8443/x", (), lambda host, port: ["8.8.4.4"])
    assert (found.host, found.port, found.address) == ("hook.example", 8443, "8.8.4.4")


@pytest.mark.parametrize(
    "url",
    ["http://hook.example/x", "ftp://hook.example/x", "https://user:word@hook.example/", "https:///x", "hook.example",
     "https://hook.example/#f", "https://hook.example:99999/", "file:///etc/passwd", "https://[::1/"],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(TargetError):
        target_of_url(url, (), lambda host, port: ["8.8.8.8"])


def test_in_the_clear_only_within_a_named_network() -> None:
    assert target_of_url("http://127.0.0.1:8080/x", NETWORK).port == 8080
    with pytest.raises(TargetError, match="clear"):
        target_of_url("http://8.8.8.8/x", NETWORK)


LINE = Line(NETWORK, ("wecombot", "dingtalk", "feishu", "mailto", "mailtos", "json", "jsons"), 5.0)


@pytest.mark.parametrize(
    "url", ["wecombot://693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "dingtalk://abcdefghijklmn", "feishu://abcdefg123456",
            "json://127.0.0.1:80/x", "mailto://who:word@127.0.0.1?from=k@b.cn&to=x@b.cn"],
)  # fmt: skip
def test_apprise_reads_the_addresses_of_the_bureaus_channels(url: str) -> None:
    assert check_apprise(url, LINE) is not None


@pytest.mark.parametrize(
    "url",
    ["syslog://", "file:///etc/passwd", "xml://127.0.0.1/", "json://192.168.1.1/", "jsons://169.254.169.254/latest",
     "json://8.8.8.8/x", "jsons://8.8.8.8/?verify=no", "jsons://8.8.8.8/?redirect=yes", "mailto://u:p@10.9.9.9?to=a@b.cn",
     "mailtos://u:p@163.com?pgppub=http://10.0.0.1/k", "dingtalk://", "", "nonsense"],
)  # fmt: skip
def test_apprise_reaches_nothing_else(url: str) -> None:
    with pytest.raises(TargetError):
        check_apprise(url, LINE)


def test_robots_that_apprise_does_not_listen_to_are_spoken_to_directly() -> None:
    def robot(url: str) -> dict[str, Any] | None:
        return as_robot(url, check_apprise(url, LINE))

    key = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
    assert robot(f"wecombot://{key}") == {
        "url": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}", "style": "robot"}  # fmt: skip
    assert robot("dingtalk://SEC1234@abcdefghijklmn/13800000000") == {
        "url": "https://oapi.dingtalk.com/robot/send?access_token=abcdefghijklmn", "style": "robot",
        "secret": "SEC1234", "mobiles": ["13800000000"]}  # fmt: skip
    assert robot("feishu://abcdefg123456") is None
    rooms = [longest_text("apprise", {"url": url}, LINE) for url in (f"wecombot://{key}", "dingtalk://abcdefghijklmn")]
    assert rooms == [1648, 17600] and longest_text("webhook", {"url": "https://x"}, LINE) > 100_000
    assert longest_text("webhook", {"url": "https://qyapi.weixin.qq.com/x", "style": "robot"}, LINE) == 1648
