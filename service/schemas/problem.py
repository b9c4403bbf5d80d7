"""The shape of every error."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from service.chinese.refusals import both

ToldError = Annotated[dict[str, Any], AfterValidator(both)]
"""A named error that was kept, as `KanchaError.as_dict` tells it, with `message_zh` and `remedy_zh`."""


class Problem(BaseModel):
    """An error as RFC 9457 tells it, with Kancha's own members."""

    type: str = Field(description="Names the kind of error: `urn:kancha:problem:<code>`.")
    title: str = Field(description="The kind of error in English.")
    title_zh: str = Field(description="The kind of error in Chinese.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What was found, with the measured value in it.")
    detail_zh: str | None = Field(description="The same in Chinese, null where nobody wrote it.")
    code: str = Field(description="Short stable name of the kind of error.")
    remedy: str = Field(description="What can be done about it.")
    remedy_zh: str = Field(description="The same in Chinese, or what can be done about this kind of error.")
    measured: dict[str, Any] = Field(description="The figures behind it.")
    instance: str = Field(description="Path of the request.")
    request_id: str = Field(description="Id of the request: the lines of the log about it carry it too.")
