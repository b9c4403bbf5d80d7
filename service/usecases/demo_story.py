"""The story of one structure in the demonstration district: found at night, stopped, decided, gone, green, closed.

Everything goes the way of real work: the imagery comes by a nightly batch, the finding becomes a lead and a case,
officers tell what they do with the days on which they did it, documents are made and numbered, a later image proves
the end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

import cv2
import numpy as np
import orjson
import shapely

from geodata.demo.story import StoryFiles
from geodata.io.dates import BEIJING
from service.auth.people import caller_of_person
from service.case_settings import Cases
from service.cases.events import KINDS
from service.cases.evidence.verifying import verify
from service.errors import ConflictError
from service.files import private_folder, take_copy
from service.jobs.states import ACTIVE, JobState
from service.services import Services
from service.store.queries import FeatureQuery
from service.usecases.alarm_rules import RuleFacts, add_rule
from service.usecases.alarm_sending import send_round
from service.usecases.alarms import list_alarms
from service.usecases.case_evidence import seal_evidence
from service.usecases.case_files import FileTold, add_file
from service.usecases.case_papers import PaperOrder, make_paper, opened_paper
from service.usecases.case_parties import name_party
from service.usecases.case_proof import look_at_case, proof_of
from service.usecases.cases import Telling, tell, view_case
from service.usecases.demo_people import PEOPLE, stand_in
from service.usecases.evidence_keys import bureau_key
from service.usecases.layer_facts import LayerFacts
from service.usecases.layer_files import add_layer_file
from service.usecases.lead_cases import CaseAsked, case_of_lead
from service.usecases.leads import LeadJudgement, judge_lead
from service.usecases.nightly import order_night

Say = Callable[[str, str], None]
"""Told each step: when it happened (or what it is), and in words."""
_POLL_S = 0.2


@dataclass(frozen=True)
class StoryTold:
    """What came of the story.

    Args:
        case_id: The case.
        serial: Its number.
        state: Where it stands at the end.
        events: How many events it has.
        evidence: The sealed package.
        holds: Whether it holds as it was sealed.
        changed_holds: Whether it holds after one byte of it was changed.
        documents: The documents as Word files.
    """

    case_id: str
    serial: str
    state: str
    events: int
    evidence: Path
    holds: bool
    changed_holds: bool
    documents: tuple[Path, ...]


def bureau_of_story(cases: Cases) -> Cases:
    """The settings of the bureau in the story: what its documents tell of it; everything else as it is set."""
    told = {
        "bureau": "示范市城市管理综合执法局", "place": "示", "address": "示范路1号", "contact": "王执法",
        "phone": "0000-0000000", "review_body": "示范市人民政府", "court": "示范市人民法院",
        "certificates": {"story-wang": "示00000001", "story-li": "示00000002"},
    }  # fmt: skip
    return cases.model_copy(update={name: value for name, value in told.items() if not getattr(cases, name)})


def tell_story(services: Services, files: StoryFiles, folder: Path, say: Say) -> StoryTold:
    """Let the whole chain happen in a data folder of its own.

    Args:
        services: A service with a runner, and nothing in it.
        files: The imagery and layers.
        folder: Where the evidence and the documents go.
        say: Told each step.

    Raises:
        ConflictError: If a step did not lead where it should.
    """
    return _Story(services, files, folder, say).told()


class _Story:
    def __init__(self, services: Services, files: StoryFiles, folder: Path, say: Say) -> None:
        self._services, self._files, self._folder, self._say = services, files, folder, say
        self._people = {name: stand_in(services, name) for name in ("wang", "li", "zhao", "sun")}
        self._case = ""

    def told(self) -> StoryTold:
        """All of it, from the first night to the package."""
        self._layers()
        self._alarm_rule()
        self._night("night-1", self._files.bare, self._files.built)
        self._alarmed()
        self._lead()
        self._stopped()
        self._investigated()
        self._decided()
        self._enforced()
        self._proved()
        self._planted()
        self._closed()
        return self._sealed()

    # --- people -----------------------------------------------------------------------------------

    def _as(self, name: str) -> Services:
        return replace(self._services, caller=caller_of_person(self._people[name]))

    @property
    def _two(self) -> list[str]:
        return [self._people["wang"].id, self._people["li"].id]

    def _tell(self, event: str, at: str, by: str = "wang", **facts: Any) -> None:
        moment = datetime.fromisoformat(at).replace(tzinfo=BEIJING)
        view = tell(self._as(by), self._case, Telling(event, facts, moment))
        kind = view.events[-1]
        self._say(at, f"{PEOPLE[by][0]}：{_zh(kind.kind)}（{view.standing.procedure}）")

    def _paper(self, kind: str, day: str, **told: Any) -> str:
        order = PaperOrder(kind, told, datetime.fromisoformat(day).date())
        paper = make_paper(self._as("wang"), self._case, order)
        self._say(day, f"文书 {paper.serial or paper.kind}")
        return paper.id

    def _serve(self, event: str, at: str, paper: str, **facts: Any) -> None:
        self._tell(event, at, method="in_person", served_on=at[:10], officers=self._two, document_id=paper, **facts)

    # --- the first moment -------------------------------------------------------------------------

    def _layers(self) -> None:
        for kind, path in self._files.layers.items():
            add_layer_file(self._services, kind, path, LayerFacts(source="demo"))
        self._say("图层", "、".join(self._files.layers))

    def _alarm_rule(self) -> None:
        facts = RuleFacts("疑似违法", person=self._people["wang"].id, timing={"at_once": "all", "quiet": None})
        add_rule(self._services, facts)

    def _night(self, name: str, *scenes: Path) -> None:
        incoming = self._folder / name
        incoming.mkdir(parents=True, exist_ok=True)
        for scene in scenes:
            taken = incoming / scene.name
            copyfile(scene, taken)
            # a file that has just come may still grow: the night takes it once it has lain for a while
            past = time.time() - 2 * self._services.settings.nightly.stable_s
            os.utime(taken, (past, past))
        job, _ = order_night(self._services, incoming)
        while job.state in ACTIVE:
            time.sleep(_POLL_S)
            job = self._services.store.jobs.get(job.id)
        if job.state is not JobState.SUCCESSFUL:
            raise ConflictError(f"The night ended as {job.state}: {job.message}.", remedy="Look at its log.")
        self._say("夜间扫描", str((job.result or {}).get("summary", "")))

    def _alarmed(self) -> None:
        send_round(self._services)
        found = list_alarms(self._as("wang"), 100, 0, open_only=False, everybody=False)
        self._say("报警", f"{found.matched} 条报警送达{PEOPLE['wang'][0]}")
        if not found.items:
            raise ConflictError("The night alarmed nobody.", remedy="Look at its findings.")

    def _lead(self) -> None:
        site = shapely.geometry.shape(orjson.loads(self._files.site.read_bytes())["features"][0]["geometry"])
        leads = [orjson.loads(t) for t in self._services.store.leads.all_features(FeatureQuery())]
        near = [one for one in leads if shapely.geometry.shape(one["geometry"]).intersects(site)]
        if not near:
            raise ConflictError("The structure was not found.", remedy="Draw another district: --seed.")
        lead = near[0]
        self._site = site
        with self._photo("lead.jpg", 5) as upload:
            told = LeadJudgement(2, "unlawful", "现场核实，无规划许可", ())
            judge_lead(self._as("wang"), str(lead["id"]), told, [upload])
        self._say("线索核查", f"{lead['id']}：违法")
        facts = {"path": "slow", "stage": "under_construction"}
        at = datetime(2024, 9, 19, 9, 0, tzinfo=BEIJING)
        _, case, _ = case_of_lead(self._as("wang"), str(lead["id"]), CaseAsked(facts, at=at))
        self._case = case.row.id
        self._say("2024-09-19", f"受理案件 {case.row.serial}")

    def _stopped(self) -> None:
        name_party(
            self._as("wang"), self._case, {"name": "赵某某（示例）", "address": "示范路8号"}, _at("2024-09-19 09:10")
        )
        self._tell("handler_set", "2024-09-19 09:30", handlers=self._two)
        middle = self._site.representative_point()
        with self._photo("现场.jpg", 6) as upload:
            told = FileTold(
                taken_at=_at("2024-09-19 10:20"), position=(middle.x, middle.y, 8.0), note="勘验照片", key="story-photo"
            )
            file, _ = add_file(self._as("wang"), self._case, upload, told)
        self._say("2024-09-19", f"现场照片 {file.sha256[:12]}，存疑 {len(file.doubts)} 项")
        self._tell("inspected", "2024-09-19 10:30", officers=self._two, stage="under_construction",
                   result="现场正在铺设彩钢屋面，当事人不能提供规划许可。", measured_m2=522.0)  # fmt: skip
        self._serve("stop_order_served", "2024-09-19 15:00", self._paper("stop_order", "2024-09-19"))
        self._tell("stop_obeyed", "2024-09-20 10:00", officers=self._two)

    def _investigated(self) -> None:
        self._approved("filing", "2024-09-23 09:00")
        self._tell("filed", "2024-09-23 11:00", basis=["城规 64"])
        self._tell(
            "inspected", "2024-09-25 10:00", officers=self._two, stage="finished", result="停工前主体已完工，无法改正"
        )
        self._tell("investigated", "2024-09-30 16:00", facts="当事人未取得建设工程规划许可证，建成彩钢房一处。",
                   proposal="demolished")  # fmt: skip
        paper = self._paper("rights_notice", "2024-10-08", measures=["限期自行拆除上述建筑物；"])
        self._serve("rights_notice_served", "2024-10-08 10:00", paper, hearing_offered=True, proposal="demolished")

    def _decided(self) -> None:
        self._tell("legal_review_passed", "2024-10-16 10:00", by="zhao", opinion="事实清楚，程序合法")
        self._approved("penalty", "2024-10-17 09:00")
        self._tell("decided", "2024-10-22 10:00", outcome="demolished", term_days=15, reason="无法采取改正措施消除影响")
        paper = self._paper(
            "demolition_order",
            "2024-10-22",
            measures=["限期自行拆除上述建筑物；"],
            evidence=["现场勘验记录；", "现场照片；"],
        )
        self._serve("decision_served", "2024-10-25 10:00", paper, rights_told=True)

    def _enforced(self) -> None:
        paper = self._paper("reminder", "2024-11-12", measures=["自行拆除上述建筑物；"],
                            terms={"reminder": {"amount": 10, "unit": "working_day"}})  # fmt: skip
        self._serve("reminder_served", "2024-11-12 10:00", paper, term_days=10)
        self._tell("enforcement_decided", "2024-12-02 10:00", reason="逾期未拆除且无正当理由")
        self._serve("enforcement_decision_served", "2024-12-03 10:00", "")
        self._tell("announced", "2025-04-28 10:00", where="现场及本局网站", term_days=7)
        self._refused()
        self._tell("demolition_started", "2025-05-13 09:00", by_whom="forced", officers=self._two, urgent=False,
                   utilities_cut=False, witness="村委会见证人", goods_list=True, video=True)  # fmt: skip
        self._tell("demolition_done", "2025-05-13 17:00", by_whom="forced", extent="full")

    def _refused(self) -> None:
        """A day too early, and at night: the law says no, and so does the table."""
        facts = {"by_whom": "forced", "officers": self._two, "urgent": False, "utilities_cut": False,
                 "witness": "村委会见证人", "goods_list": True, "video": True}  # fmt: skip
        try:
            tell(self._as("wang"), self._case, Telling("demolition_started", facts, _at("2025-05-01 23:00")))
        except ConflictError as error:
            articles = "、".join(dict.fromkeys(str(one) for one in _listed(error.measured.get("articles"))))
            self._say("2025-05-01", f"夜间、节假日、公告期内拆除被拒绝：{articles}")
        else:
            raise ConflictError("A demolition on a holiday at night was let pass.")

    # --- the end ----------------------------------------------------------------------------------

    def _proved(self) -> None:
        self._night("night-2", self._files.cleared)
        look_at_case(self._services, self._case)
        proof = proof_of(self._services, self._case)
        for look in proof.looks:
            self._say(
                f"{look.shown_at:%Y-%m-%d}", f"影像核验：{look.seen}，置信度 {look.confidence:.2f}，{look.effect}"
            )
        if view_case(self._services, self._case).standing.procedure != "proved":
            raise ConflictError("The later image did not prove the demolition.", remedy="Look at the case's proof.")

    def _planted(self) -> None:
        area = shapely.geometry.mapping(self._site)
        self._tell("reuse_planned", "2025-06-20 10:00", purpose="green", area_m2=522.0, due_on="2026-06-01", area=area)
        self._night("night-3", self._files.green)
        look_at_case(self._services, self._case)
        measured = view_case(self._services, self._case).standing.last("reuse_measured")
        if measured is None:
            raise ConflictError("The planting was not measured.", remedy="Look at the case's proof.")
        green = float(measured.facts["area_m2"])
        self._say(
            str(measured.facts["measured_on"]), f"增绿核测：{green:.0f} ± {measured.facts['error_m2']:.0f} 平方米"
        )
        self._tell("reuse_done", "2026-04-25 10:00", purpose="green", area_m2=green, done_on="2026-04-25")

    def _closed(self) -> None:
        now = f"{datetime.now(BEIJING):%Y-%m-%d %H:%M:%S}"
        self._approved("closure", now)
        self._tell("closed", now, outcome="demolished", summary="已拆除并复绿，影像核验")

    def _approved(self, flow: str, at: str) -> None:
        self._tell("approval_asked", at, flow=flow)
        self._tell("approved", at, by="sun", flow=flow, level="chief")

    def _sealed(self) -> StoryTold:
        target = self._folder / "evidence.zip"
        seal_evidence(self._services, self._case, target)
        key = bureau_key(self._services.settings).public.pem
        holds = verify(target, trusted=[key]).holds
        bad = self._folder / "evidence-changed.zip"
        content = bytearray(target.read_bytes())
        content[len(content) // 2] ^= 1
        bad.write_bytes(bytes(content))
        changed = verify(bad, trusted=[key]).holds
        words = {True: "校验通过", False: "校验未通过"}
        self._say("证据包", f"{target.name}：{words[holds]}；改动一个字节后：{words[changed]}")
        view = view_case(self._services, self._case)
        return StoryTold(
            self._case, view.row.serial, view.row.state, view.row.number, target, holds, changed, self._documents()
        )

    def _documents(self) -> tuple[Path, ...]:
        found = []
        folder = self._folder / "documents"
        folder.mkdir(exist_ok=True)
        for paper in self._services.store.cases.papers(self._case):
            with opened_paper(self._services, self._case, paper.id, "docx") as path:
                found.append(folder / path.name)
                copyfile(path, found[-1])
        return tuple(found)

    @contextmanager
    def _photo(self, name: str, seed: int) -> Iterator[Any]:
        """A photograph that nobody took: a drawn texture, so that it is a picture of its own."""
        rng = np.random.default_rng(seed)
        coarse = rng.integers(40, 220, (18, 24, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (1280, 960), interpolation=cv2.INTER_CUBIC)
        with private_folder(self._services.settings.data / "incoming") as folder:
            source = folder / "source.jpg"
            cv2.imwrite(str(source), picture)
            renamed = folder / name
            source.rename(renamed)
            with private_folder(self._services.settings.data / "incoming") as other:
                yield take_copy(renamed, other)


def _zh(kind: str) -> str:
    return KINDS[kind].title_zh


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
