"""Refusals in Chinese: every kind of error says what can be done, every use case what it found; none is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from geodata.errors import KanchaError, RulebookError
from geodata.yaml_lines import read_yaml
from service import app  # noqa: F401 - with it every kind of error is known
from service.chinese.refusals import both, in_chinese, remedies, sentences
from service.errors import NotFoundError

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for name in ("geodata", "service") for path in (ROOT / name).rglob("*.py"))
SPOKEN = ("usecases", "auth", "alarms")
"""Folders of the service whose messages reach officers: each is in Chinese."""
BEHIND = {
    *(
        "arrivals",
        "demo",
        "demo_cases",
        "demo_story",
        "training",
        "training_run",
        "evidence_keys",
        "layer_files",
        "model_parcels",
    ),
    *("oidc", "export_orders", "scan_files"),
}
"""Modules whose messages go to whoever runs the service, on the command line or in a log."""
HAN = re.compile(r"[\u4e00-\u9fff]")


def kinds() -> list[type[KanchaError]]:
    found: list[type[KanchaError]] = [KanchaError]
    for kind in found:
        found += [one for one in kind.__subclasses__() if one not in found]
    return [one for one in found if one.__module__.startswith(("geodata", "service"))]


def template(node: ast.expr) -> str | None:
    """A sentence of the code with `{}` for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def said() -> set[str]:
    """All texts of the code."""
    found = {template(node) for path in MODULES for node in ast.walk(ast.parse(path.read_text("utf-8")))
             if isinstance(node, ast.expr)}  # fmt: skip
    return {text for text in found if text}


def messages(path: Path) -> Iterator[str]:
    """What the errors of a module say, where it is one sentence."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            name = ast.unparse(node.exc.func)
            text = template(node.exc.args[0])
            if name.endswith("Error") and name not in ("InternalError", "ValueError", "TypeError") and text:
                yield text


def test_every_kind_of_error_says_in_chinese_what_it_is_and_what_can_be_done() -> None:
    codes = {kind.code for kind in kinds()}
    assert {kind.__name__ for kind in kinds() if not HAN.search(kind.title_zh)} == set()
    assert codes - remedies().keys() == set(), "service/chinese/remedies.yaml has no line for these codes"
    assert remedies().keys() - codes == {"request-invalid", "http"}, "these codes are none"
    assert [code for code, text in remedies().items() if not HAN.search(text) or not text.endswith("。")] == []


def test_every_kind_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in kinds()]
    assert sorted(codes) == sorted(set(codes))


def test_every_use_case_says_in_chinese_what_it_found() -> None:
    mute = {
        f"{path.parent.name}/{path.name}: {text}"
        for path in MODULES
        if path.parent.name in SPOKEN and path.parent.parent.name == "service" and path.stem not in BEHIND
        for text in messages(path)
        if text != "{}" and text not in sentences()
    }
    assert mute == set(), "service/chinese/sentences.yaml has no line for these"


def test_no_sentence_is_left_over_and_each_fills_in_the_same() -> None:
    texts = "\n".join(said())
    own = [english for english in sentences() if english not in _of_libraries()]
    gone = [one for one in own if one.removeprefix("{}").removesuffix("{}") not in texts]
    assert gone == [], "the code says these no more"
    for english, chinese in sentences().items():
        gaps = english.count("{}")
        assert HAN.search(chinese), english
        filled = chinese.format(*(f"<{place}>" for place in range(gaps))) if gaps else chinese
        assert all(f"<{place}>" in filled for place in range(gaps)), english


def _of_libraries() -> set[str]:
    _, told = read_yaml((ROOT / "service" / "chinese" / "libraries.yaml").read_text("utf-8"))
    return set(told)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("There is no case 'x'.", "没有案件 'x'，或您无权查看。"),
        ("There is no tile 1/2/3 in CGCS2000Quad.", "CGCS2000Quad 中没有瓦片 1/2/3。"),
        (
            "The rulebook cannot be used: line 9: colour: Extra inputs are not permitted (and 2 more).",
            "规则库不可用：第 9 行：colour：没有这个字段（另有 2 处）。",
        ),
        ("The rulebook cannot be used: line 1: it is not a mapping of keys to values.", None),
        ("Nobody ever wrote this.", None),
    ],
)
def test_a_sentence_is_found_by_what_is_filled_in(english: str, chinese: str | None) -> None:
    found = in_chinese(english)
    assert found == chinese if chinese else (found is None or not re.search("[a-z]", found))


def test_every_way_out_of_a_refused_step_of_a_case_is_in_chinese() -> None:
    """The guards of cases and the conditions of the service tell it as a plain argument."""
    mute = {
        text
        for path in [
            *(ROOT / "service" / "cases" / "workflow").glob("guards*.py"),
            ROOT / "service/watching/conditions.py",
        ]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("No", "Condition")
        for place in [2 if ast.unparse(node.func) == "No" else 5]
        for text in [template(node.args[place]) if len(node.args) > place else None]
        if text and text not in sentences()
    }
    assert mute == set(), "service/chinese/sentences.yaml has no line for these"


def test_a_refusal_is_told_in_both_languages() -> None:
    told = both(NotFoundError("There is no person 'x'.", remedy="Look it up.").as_dict())
    assert told["message"] == "There is no person 'x'." and told["message_zh"] == "没有人员 'x'。"
    assert told["remedy_zh"] == remedies()["not-found"], "a remedy that nobody turned is that of its kind"
    assert both(NotFoundError("x", remedy="Check the path.").as_dict())["remedy_zh"] == "请检查路径。"
    faults = both(RulebookError("x", faults=["line 3: a: Field required", "odd"]).as_dict())["measured"]
    assert faults["faults_zh"] == ["第 3 行：a：缺少必填项", "odd"] and faults["faults"][1] == "odd"
    old = both({"code": "of-an-older-release", "message": "x", "remedy": ""})
    assert (old["message_zh"], old["remedy_zh"]) == (None, remedies()["http"])
    case = both({"code": "case-move", "message": "x", "remedy": "", "measured": {"messages_zh": ["甲", "乙"]}})
    assert case["message_zh"] == "甲 乙"
