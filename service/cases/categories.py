"""What is wrong with a structure: categories with the words and articles that documents cite.

The names are those of the rulebook (`geodata.assess.rulebook.Category`); the articles are those of the statutes read
(城乡规划法 2019, 土地管理法 2019) and of their implementing rules. A bureau's own words come with its documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_URBAN = "《中华人民共和国城乡规划法》"
_LAND = "《中华人民共和国土地管理法》"


@dataclass(frozen=True)
class CaseCategory:
    """A category of violation.

    Args:
        name: Its name.
        title: In English.
        title_zh: As a document words it (案由).
        basis: Articles, as they are cited, by lawful path.
    """

    name: str
    title: str
    title_zh: str
    basis: Mapping[str, str]

    def basis_on(self, path: str) -> str:
        """The articles on a lawful path; those of towns where none is named for it."""
        return self.basis.get(path, self.basis["slow"])


def _category(name: str, title: str, title_zh: str, slow: str, **others: str) -> CaseCategory:
    return CaseCategory(name, title, title_zh, MappingProxyType({"slow": slow, "fast": slow, **others}))


_64, _65, _66 = f"{_URBAN}第六十四条", f"{_URBAN}第六十五条", f"{_URBAN}第六十六条"
_75, _77, _78 = f"{_LAND}第七十五条", f"{_LAND}第七十七条", f"{_LAND}第七十八条"
_57 = f"{_LAND}第五十七条"

CATEGORIES: Mapping[str, CaseCategory] = MappingProxyType(
    {
        one.name: one
        for one in (
            _category("no_permit", "built without a permit", "未取得规划许可进行建设", _64, village=_65, land=_77),
            _category(
                "deviates_from_permit",
                "deviates from the permit",
                "未按照规划许可的规定进行建设",
                _64,
                village=_65,
                land=_77,
            ),
            _category("temporary", "temporary structure", "临时建设未经批准、未按批准内容建设或者逾期不拆除", _66),
            _category("against_plan", "against the plan", "违反规划进行建设", _64, village=_65, land=_77),
            _category("occupied_land", "land occupied without approval", "未经批准占用土地", _77, land=_77),
            _category("farmland", "on farmland", "占用耕地建设", _75, land=f"{_75}、第七十七条"),
            _category("village_housing", "villager's house on land not approved", "未经批准占用土地建住宅", _78),
            _category(
                "temporary_land", "permanent building on temporary land", "在临时使用的土地上修建永久性建筑物", _57
            ),
            _category("added_to_building", "added to a building", "擅自加建、扩建", _64, village=_65),
            _category("public_ground", "on public ground", "占用道路、绿地、水面等公共用地建设", _64, village=_65),
            _category("spacing_or_setback", "spacing or setback", "违反退让、间距规定进行建设", _64, village=_65),
            _category("protected_area", "in a protected area", "在保护区域内违法建设", _64, village=_65, land=_77),
        )
    }
)
"""Every category by name."""
