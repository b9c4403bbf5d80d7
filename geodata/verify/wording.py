"""Why a look says what it says, in words with the measured figures: English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TITLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "gone": ("gone", "已拆除"),
        "partly_gone": ("partly gone", "部分拆除"),
        "still_there": ("still there", "未拆除"),
        "covered": ("covered, and not gone", "遮盖未拆"),
        "refilled": ("refilled: soil or rubble over what stays", "覆土未清"),
        "unknown": ("not usably seen", "影像不能判定"),
    }
)

_REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "unseen": (
            "Only {seen_share:.0%} of the place is usably seen in both images.",
            "该处在前后影像中仅{seen_share:.0%}可用。",
        ),
        "outside": ("The images do not show the place.", "影像未覆盖该处。"),
        "unaligned": (
            "The two images could not be brought onto each other; what lies where the structure stood is not certain.",
            "前后影像未能配准，不能确定原建筑位置的现状。",
        ),
        "refused": ("The pair of images is not admissible: {gate}", "该影像对不符合比对条件：{gate}"),
        "roof_left": (
            "No roof is left: roof network {roof_earlier:+.1f} before and {roof_later:+.1f} now (log-odds), likeness "
            "of both dates {likeness:.2f}, change network {change:+.1f}.",
            "屋顶已不存在：屋顶模型前期{roof_earlier:+.1f}、后期{roof_later:+.1f}（对数几率），"
            "两期相似度{likeness:.2f}，变化模型{change:+.1f}。",
        ),
        "soil": (
            "Bare soil lies there and around it; what is beneath, an image cannot tell: it takes a surface model or a "
            "dated photograph to close the case.",
            "该处及周边为裸土，影像不能判定土下是否有残留；结案须有地表模型或现场照片。",
        ),
        "soil_in_outline": (
            "Soil covers {soil_later:.0%} of the outline and {soil_around:.0%} of the ground just around it: it may "
            "lie on a slab or on rubble. An image cannot tell; look on site.",
            "原轮廓内{soil_later:.0%}为裸土，其外侧仅{soil_around:.0%}：土下可能为地坪或建筑垃圾，"
            "影像不能判定，请现场核查。",
        ),
        "crowns": (
            "Crowns or branches hide the place ({green_later:.0%} green and rough): the ground is not seen.",
            "该处为树冠或枝叶遮盖（绿色{green_later:.0%}且纹理粗糙），看不到地面。",
        ),
        "sheet": (
            "The colour changed by {recoloured:.0f} of 255 more than around it, and the outline stays (step "
            "{outline_later:.0f}, before {outline_earlier:.0f}): a sheet or a new coat, not a demolition.",
            "颜色较周边多变化{recoloured:.0f}（满分255）而轮廓仍在（边缘强度{outline_later:.0f}，前期"
            "{outline_earlier:.0f}）：系遮盖或翻新，不是拆除。",
        ),
        "sheet_or_ground": (
            "{vivid_later:.0%} of the outline has a colour that ground seldom has, and no roof is recognised: a sheet "
            "or a net, over a roof or over the ground. An image cannot tell; look on site.",
            "原轮廓内{vivid_later:.0%}为非地面颜色且认不出屋顶：系篷布或防尘网，其下为建筑或空地，"
            "影像不能判定，请现场核查。",
        ),
        "roof_stands": (
            "The roof is seen again: likeness of both dates {likeness:.2f}, roof network {roof_later:+.1f}.",
            "屋顶仍可见：两期相似度{likeness:.2f}，屋顶模型{roof_later:+.1f}。",
        ),
        "parts_differ": (
            "{share:.0%} of the outline shows no roof any more, the rest does.",
            "原轮廓{share:.0%}已无屋顶，其余仍在。",
        ),
        "fell": (
            "Surface models: {top_m:.1f} m over the ground before, {left_m:.2f} m ± {error_m:.2f} m now, over "
            "{fell_share:.0%} of the outline.",
            "地表模型：前期高出地面{top_m:.1f}米，现为{left_m:.2f}米±{error_m:.2f}米，降低部分占{fell_share:.0%}。",
        ),
        "left_over": (
            "What is left stands {left_m:.2f} m over the ground: a slab, rubble or soil, not cleared land.",
            "残留高出地面{left_m:.2f}米：为地坪、建筑垃圾或覆土，未清理到位。",
        ),
        "height_stays": (
            "Surface models: it stood {top_m:.1f} m over the ground and {fell_share:.0%} of it fell.",
            "地表模型：原高{top_m:.1f}米，仅{fell_share:.0%}降低。",
        ),
        "picture_hides": (
            "The picture looks otherwise ({said}); the height decides.",
            "影像外观不同（{said_zh}），以高度为准。",
        ),
    }
)


def reasons(codes: tuple[str, ...], figures: Mapping[str, float | str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sentences of some codes, English and Chinese.

    Args:
        codes: Codes in the order in which they decided.
        figures: Every figure that they name.
    """
    pairs = [_REASONS[code] for code in codes]
    return tuple(en.format(**figures) for en, _ in pairs), tuple(zh.format(**figures) for _, zh in pairs)
