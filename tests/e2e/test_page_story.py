"""From the first upload to the closed case with the browser alone: five people of a bureau, each at their own page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import shapely

from geodata.demo.story import StoryFiles, draw_story
from service.cases.evidence.verifying import verify
from tests.browser import launched
from tests.e2e.page_kit import DESK, link_of, need_page
from tests.e2e.page_story import PASSWORD, ROLES, Seat
from tests.integration.service_kit import Served, until
from tests.unit.cases.evidence.photo_kit import degrees, photo, scene

PEOPLE = {
    "chen": ("陈分析", "分析人员"),
    "wang": ("王执法", "执法人员"),
    "li": ("李执法", "执法人员"),
    "zhao": ("赵审核", "法制审核人员"),
    "sun": ("孙负责", "负责人"),
}
LAYERS = {"areas": "行政区划", "parcels": "宗地", "permits": "许可", "zones": "管控分区", "buildings": "既有建筑"}
TWO = ["王执法", "李执法"]
BUREAU = {
    "KANCHA_AUTH__PASSWORD_MEMORY_KIB": "64",
    "KANCHA_AUTH__PASSWORD_PASSES": "1",
    "KANCHA_CASES__BUREAU": "示范市城市管理综合执法局",
    "KANCHA_CASES__PLACE": "示",
    "KANCHA_CASES__ADDRESS": "示范路1号",
    "KANCHA_CASES__CONTACT": "王执法",
    "KANCHA_CASES__PHONE": "0000-0000000",
    "KANCHA_CASES__REVIEW_BODY": "示范市人民政府",
    "KANCHA_CASES__COURT": "示范市人民法院",
}
FELLING = {"实施主体": "强制拆除", "执法人员": TWO, "情况紧急": "否", "停水电热气": "否", "见证人": "村委会见证人"}
FELLING |= {"物品清单": "是", "全程录像": "是"}


@dataclass
class Bureau:
    """A bureau whose people sit before their pages.

    Args:
        seats: Each by name; `admin` is the first.
        files: The imagery and the layers that they bring in.
        case: The case once there is one.
    """

    seats: dict[str, Seat]
    files: StoryFiles
    case: str = ""

    def __getattr__(self, name: str) -> Seat:
        return self.seats[name]

    # --- the first day ----------------------------------------------------------------------------

    def hire(self, open_page: Any) -> None:
        """The administrator adds everybody; each sets a password by the link that they were given."""
        admin = self.admin
        for name, (shown, role) in PEOPLE.items():
            admin.go("#/run?tab=people")
            admin.press("添加人员")
            admin.fill({"登录名": name, "姓名": shown})
            for one in ROLES:
                admin.dialog.locator(f"label:has-text('{one}') input").set_checked(one == role)
            admin.dialog.locator("button[type=submit]").click()
            link = admin.page.get_by_role("textbox", name="链接").input_value()
            if name == "wang":
                admin.keep("admin-link")
            admin.page.get_by_role("button", name="我已保存，关闭").click()
            seat = self.seats[name] = Seat(open_page(), admin.url)
            seat.page.goto(link)
            seat.page.get_by_label("密码").fill(PASSWORD)
            seat.page.get_by_role("button", name="确定").click()
            seat.page.wait_for_url("**/map*")
            seat.page.wait_for_selector("nav a")
        admin.go("#/run?tab=people")
        admin.keep("admin-people")

    def bring_layers(self) -> None:
        """The analyst looks at each layer before it is stored."""
        chen = self.chen
        chen.go("#/bring?tab=layers")
        for kind, word in LAYERS.items():
            chen.fill({"图层类型": word, "文件": self.files.layers[kind]}, chen.page.locator("main"))
            chen.press("查看内容（不入库）")
            chen.page.get_by_role("button", name="入库为新版本").wait_for()
            if kind == "permits":
                chen.keep("analyst-layer")
            chen.press("入库为新版本")
            chen.page.locator(f".toast:has-text('{self.files.layers[kind].name}')").wait_for()
        assert chen.page.locator("main tr:has-text('.gpkg')").count() == len(LAYERS)

    def bring_images(self, *images: Path) -> None:
        """The analyst drops images on the page, and orders the scan of the newest two."""
        chen = self.chen
        chen.go("#/bring")
        chen.page.locator(".bring-drop input[type=file]").set_input_files([str(image) for image in images])
        chen.page.locator("main button:has-text('开始上传')").click()
        for image in images:
            chen.page.locator(f"li:has-text('{image.name}'):has-text('已入库')").first.wait_for(timeout=60_000)
        chen.go("#/bring?tab=scans")
        chen.press("开始比对")
        chen.page.locator(".bring-job a:has-text('查看发现')").wait_for(timeout=120_000)
        chen.keep("analyst-scan")

    # --- the case ---------------------------------------------------------------------------------

    def find(self) -> None:
        """The officer goes from the queue to the lead where the structure stands, and judges it on site."""
        wang = self.wang
        site = self._site()

        def found() -> list[dict[str, Any]]:
            return [one for one in self._leads() if shapely.geometry.shape(one["geometry"]).intersects(site)]

        # the scan is told as done a moment before its leads are there
        near = until(found, 20)
        wang.go("#/leads")
        wang.keep("officer-leads")
        wang.page.locator(f"main a[href$='{near[0]['id']}']").first.click()
        wang.page.wait_for_selector("main .loading", state="detached")
        wang.page.locator(".pairmap canvas").first.wait_for()
        wang.keep("officer-lead")
        wang.press("核查结论")
        ground = wang.page.locator("dialog[open] label.field:has-text('依据') select")
        ground.select_option("unlawful")
        wang.fill({"实地照片": self._photo("lead.jpg", 5, "2024:09:18 16:00:00"), "理由": "现场核实，无规划许可"})
        wang.submit()
        wang.press("转为案件")
        wang.fill({"办理路径": "一般", "建设阶段": "在建", "受理时间（北京时间）": "2024-09-19T09:00"})
        wang.submit()
        wang.page.wait_for_url("**#/case/**")
        self.case = wang.page.url.split("/case/")[1].split("?")[0]

    def stop(self) -> None:
        """Party, officers, photograph, inspection, and the order to stop."""
        wang, case = self.wang, self.case
        wang.go(f"#/case/{case}?tab=parties")
        party = {"姓名或名称": "赵某某（示例）", "地址": "示范路8号", "查明时间（北京时间）": "2024-09-19T09:10"}
        wang.fill(party, wang.page.locator("main form"))
        wang.page.locator("main form button[type=submit]").click()
        wang.shows("赵*")
        wang.tell(case, "确定承办人", "2024-09-19T09:30", 承办人=TWO)
        wang.go(f"#/case/{case}?tab=files")
        middle = self._site().representative_point()
        told = {"文件": self._photo("现场.jpg", 6, "2024:09:19 10:20:00"), "拍摄时间（北京时间）": "2024-09-19T10:20"}
        told |= {"拍摄处经度": f"{middle.x:.6f}", "拍摄处纬度": f"{middle.y:.6f}", "说明": "勘验照片"}
        wang.fill(told, wang.page.locator("main form"))
        wang.page.locator("main form button[type=submit]").click()
        wang.shows("现场.jpg", ".work-files")
        wang.keep("officer-evidence")
        what = "现场正在铺设彩钢屋面，当事人不能提供规划许可。"
        seen = {"建设阶段": "在建", "结果": what, "实测面积（平方米）": "522"}
        wang.tell(case, "现场勘验", "2024-09-19T10:30", 执法人员=TWO, **seen)
        paper = wang.paper(case, "责令停止违法行为通知书", "2024-09-19")
        self._serve("责令停止通知书送达", "2024-09-19T15:00", paper)
        wang.tell(case, "已停止施工", "2024-09-20T10:00", 执法人员=TWO)

    def decide(self) -> None:
        """Filed, investigated, the party heard, reviewed, approved, decided."""
        wang, case = self.wang, self.case
        self._approved("立案", "2024-09-23T09:00")
        wang.tell(case, "立案", "2024-09-23T11:00", 依据="城规 64")
        seen = {"建设阶段": "建成", "结果": "停工前主体已完工，无法改正"}
        wang.tell(case, "现场勘验", "2024-09-25T10:00", 执法人员=TWO, **seen)
        facts = "当事人未取得建设工程规划许可证，建成彩钢房一处。"
        wang.tell(case, "调查终结", "2024-09-30T16:00", 事实=facts, 处理建议="拆除")
        order = {"处理内容（每行一项）": "限期自行拆除上述建筑物；"}
        paper = wang.paper(case, "陈述、申辩（听证）权利告知书", "2024-10-08", [order])
        self._serve("权利告知书送达", "2024-10-08T10:00", paper, 告知听证权="是", 处理建议="拆除")
        self.zhao.tell(case, "法制审核通过", "2024-10-16T10:00", 意见="事实清楚，程序合法")
        self._approved("处罚", "2024-10-17T09:00")
        why = {"期限（天）": "15", "理由": "无法采取改正措施消除影响"}
        wang.tell(case, "作出决定", "2024-10-22T10:00", 处理结果="拆除", **why)
        paper = wang.paper(case, "责令限期拆除决定书", "2024-10-22", [order])
        wang.keep("officer-documents")
        self._serve("决定书送达", "2024-10-25T10:00", paper, 已告知权利="是")
        wang.go(f"#/case/{case}")
        wang.keep("officer-case")

    def enforce(self) -> None:
        """Reminded, announced; a day too early and at night the law says no, and so does the page."""
        wang, case = self.wang, self.case
        order = {"处理内容（每行一项）": "自行拆除上述建筑物；", "催告期限": ("10", "个工作日")}
        paper = wang.paper(case, "拆除催告通知书", "2024-11-12", [order])
        self._serve("催告书送达", "2024-11-12T10:00", paper, **{"期限（天）": "10"})
        wang.tell(case, "作出强制执行决定", "2024-12-02T10:00", 理由="逾期未拆除且无正当理由")
        self._serve("强制执行决定书送达", "2024-12-03T10:00", None)
        wang.tell(case, "拆除公告", "2025-04-28T10:00", 地点="现场及本局网站", **{"期限（天）": "7"})
        refused = wang.refused(case, "开始拆除", "2025-05-01T23:00", **FELLING)
        assert (
            "公告期限至2025-05-12届满" in refused and "23:00属于夜间" in refused and "强制法 44；强制法 43" in refused
        )
        wang.keep("officer-refused")
        wang.page.keyboard.press("Escape")
        wang.tell(case, "开始拆除", "2025-05-13T09:00", **FELLING)
        wang.tell(case, "拆除完成", "2025-05-13T17:00", 实施主体="强制拆除", 范围="全部")

    def prove(self) -> None:
        """A later image proves that it is gone, the next one that grass grows there."""
        wang, case = self.wang, self.case
        self.bring_images(self.files.cleared)
        wang.go(f"#/case/{case}?tab=proof")
        if not wang.page.locator("main li:has-text('2025-06-12')").count():
            wang.press("立即核验")
        wang.page.locator("main li:has-text('2025-06-12'):has-text('已核验')").wait_for(timeout=60_000)
        plan = {"面积（平方米）": "522", "到期日": "2026-06-01"}
        wang.tell(case, "土地利用计划", "2025-06-20T10:00", "填入本案范围", 用途="绿地", **plan)
        (planned,) = [one for one in wang.asked(f"cases/{case}/events")["events"] if one["event"] == "reuse_planned"]
        assert shapely.geometry.shape(planned["facts"]["area"]).intersects(self._site())
        self.bring_images(self.files.green)
        wang.go(f"#/case/{case}?tab=proof")
        if not wang.page.locator("main li:has-text('2026-04-20')").count():
            wang.press("立即核验")
        wang.page.locator("main li:has-text('2026-04-20'):has-text('已核测')").wait_for(timeout=60_000)
        wang.keep("officer-proof")
        done = {"用途": "绿地", "面积（平方米）": "264", "完成日期": "2026-04-25"}
        wang.tell(case, "利用完成", "2026-04-25T10:00", **done)

    def close(self) -> None:
        """The chief approves, the case is closed."""
        self._approved("结案", "")
        self.sun.keep("chief-case")
        self.wang.tell(self.case, "结案", "", 处理结果="拆除", 摘要="已拆除并复绿，影像核验")
        self.wang.go(f"#/case/{self.case}")
        assert self.wang.page.locator(".work-head .mark").first.inner_text() == "已结案"
        self.wang.keep("officer-closed")

    def seal(self, folder: Path) -> Path:
        """The sealed package of everything, fetched from the page."""
        self.wang.go(f"#/case/{self.case}?tab=files")
        with self.wang.page.expect_download(timeout=60_000) as fetched:
            self.wang.press("下载证据包（ZIP）")
        target = folder / fetched.value.suggested_filename
        fetched.value.save_as(str(target))
        return target

    # --- pieces -----------------------------------------------------------------------------------

    def _serve(self, event: str, at: str, paper: str | None, **facts: Any) -> None:
        told = {"送达方式": "直接送达", "送达日期": at[:10], "执法人员": TWO, **facts}
        if paper is not None:
            told["文书编号"] = paper
        self.wang.tell(self.case, event, at, **told)

    def _approved(self, flow: str, at: str) -> None:
        self.wang.tell(self.case, "提请审批", at, 审批事项=flow)
        self.sun.tell(self.case, "审批同意", at, 审批事项=flow)

    def _site(self) -> Any:
        return shapely.geometry.shape(orjson.loads(self.files.site.read_bytes())["features"][0]["geometry"])

    def _leads(self) -> list[dict[str, Any]]:
        """What the officer's own browser is told of leads."""
        found: list[dict[str, Any]] = self.wang.asked("leads?limit=50")["features"]
        return found

    def _photo(self, name: str, seed: int, taken: str) -> Path:
        """A photograph as a telephone takes it where the structure stands."""
        at = self._site().representative_point()
        gps = {1: "N", 2: degrees(at.y), 3: "E", 4: degrees(at.x), 7: None, 17: None, 29: None}
        told = {"main": {306: taken}, "photo": {36867: taken, 36868: taken}, "gps": gps}
        return photo(self.files.site.with_name(name), scene(seed), **told)


@contextmanager
def bureau(folder: Path, files: StoryFiles) -> Iterator[Bureau]:
    """An empty service, a browser with a page for each, and the administrator before the first of them."""
    service = Served(folder / "data", **BUREAU)
    try:
        with launched() as made:

            def open_page() -> Any:
                context = made.new_context(**DESK)
                context.set_default_timeout(15_000)
                return context.new_page()

            admin = Seat(open_page(), service.url)
            admin.enter(link_of(service))
            admin.keep("admin-first")
            found = Bureau({"admin": admin}, files)
            found.hire(open_page)
            yield found
    finally:
        service.stop()


def test_from_the_upload_to_the_closed_case_with_the_browser_alone(tmp_path: Path) -> None:
    need_page()
    files = draw_story(tmp_path / "district")
    with bureau(tmp_path, files) as it:
        it.bring_layers()
        it.bring_images(files.bare, files.built)
        it.find()
        it.stop()
        it.decide()
        it.enforce()
        it.prove()
        it.close()
        package = it.seal(tmp_path)
        assert verify(package).holds, verify(package)
        assert {name: seat.faults for name, seat in it.seats.items() if seat.faults} == {}
