"""Which columns of a layer hold personal data (个人信息保护法, article 4): names, numbers and addresses of people.

Recognised by name, in English, Chinese, and the abbreviations of the real-estate registration standards (QLRMC is
权利人名称). `DH` is left out: it is 地号, a parcel's number, as often as 电话.
"""

from __future__ import annotations

import re

MASK = "***"
"""What stands in the place of a personal value, the same for every value: it tells nothing at all."""

_ENGLISH = (
    "owner ownername ownerphone owneraddress holder holdername occupant occupantname applicant applicantname contact "
    "contactname contactphone householder phone phonenumber telephone tel mobile mobilephone cellphone idnumber idcard "
    "idno identitynumber email mailingaddress"
)
_CHINESE = (
    "权利人 权利人名称 权利人姓名 所有权人 使用权人 土地使用者 土地使用权人 房屋所有权人 产权人 户主 "
    "户主姓名 姓名 住户 业主 业主姓名 "
    "联系人 联系方式 联系电话 电话 电话号码 手机 手机号 手机号码 "
    "身份证 身份证号 身份证号码 证件号 证件号码 申请人 申请人姓名 "
    "法定代表人 代理人 通讯地址 通信地址 联系地址 电子邮箱 当事人 当事人姓名"
)
_CODES = "qlr qlrmc qlrxm tdsyz tdsyqr hz hzxm xm zjh zjhm sfzh sfzhm lxr lxdh lxfs sjh sjhm sqr sqrxm fddbr dlr txdz"
_KNOWN = frozenset(f"{_ENGLISH} {_CHINESE} {_CODES}".split())
_SIGNS = re.compile(r"[\s_\-./()（）:：]+")


def is_personal(column: str) -> bool:
    """Whether a column holds personal data, as far as its name tells."""
    return _SIGNS.sub("", column).casefold() in _KNOWN
