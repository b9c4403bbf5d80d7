"""Drawn requests to every route of the OpenAPI document, on both stores: no 5xx, no undocumented answer."""

from __future__ import annotations

import os
import warnings
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.service_kit import Served

EXAMPLES = int(os.environ.get("KANCHA_API_EXAMPLES", "6"))
"""Requests to each route; more by the environment for a long run."""


CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
# What a schema cannot say (that a parameter is CQL2, that a date exists) is refused by name; that is no fault.


# portions of an upload are bytes like any others
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


def asked(operation: Any, key: dict[str, str]) -> list[str]:
    """What went wrong with one route."""
    wrong: list[str] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        # a session that is drawn away or a cookie that is drawn would end the key's rights
        answer = case.call(timeout=60, headers=key, cookies={})
        try:
            case.validate_response(answer, checks=CHECKS)
        except (Exception, FailureGroup) as error:
            told = " ".join(str(error).split())[:600]
            wrong.append(f"{operation.label}: {answer.status_code} {told}")

    ask()
    return wrong


_STORES = ["sqlite", pytest.param("postgis", marks=pytest.mark.soak)]
"""Both answer by one contract (`tests/contract`): in the gate one of them is asked everything."""


@pytest.mark.parametrize("service", _STORES, indirect=True, scope="module")
def test_no_route_fails_or_answers_what_is_not_documented(service: Served) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_url(f"{service.client.base_url}/openapi.json", headers=service.key)
        operations = [found.ok() for found in schema.get_all_operations()]
        assert len(operations) > 40
        wrong = [line for operation in operations for line in asked(operation, service.key)]
    assert not wrong, "\n".join(wrong)
    assert service.client.get("/readyz").status_code == 200
