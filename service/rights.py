"""What each route asks of its caller: one table. A route that stands in no line makes the application fail to start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType

from service.auth.roles import Permission
from service.errors import InternalError


class Open(Enum):
    """What asks for no permission."""

    OPEN = "open"
    """Anybody, also without having signed in."""
    SIGNED_IN = "signed-in"
    """Whoever has signed in, whatever they may do."""


OPEN, SIGNED_IN = Open.OPEN, Open.SIGNED_IN
Need = Permission | Open

_NEEDS: Mapping[Need, str] = {
    OPEN: "get_health get_readiness get_sign_in get_static post_session get_first post_first "
    "get_oidc_start get_oidc_return get_web_asset get_public get_public_json get_public_atom post_objection "
    "get_objection_standing get_field get_field_worker",
    SIGNED_IN: "get_session delete_session post_sign_out post_password",
    Permission.READ: "get_landing get_conformance get_collections get_collection get_queryables get_sortables "
    "get_schema get_items get_item get_scenes get_scene get_preview get_mask get_usable get_source get_cog "
    "get_layers get_layers_of_kind get_layer_sources get_layer get_layer_diff get_permit_match get_patch_findings "
    "get_event_stream "
    "get_models get_model get_rulebooks get_rulebook get_rulebook_diff get_explanation "
    "get_scans get_scan get_findings get_finding "
    "get_verdicts get_queue get_precision get_structure get_earliest get_coverage get_at get_tasking get_parcels "
    "get_audits get_audit get_jobs get_job get_tile get_tilejson get_scene_tile get_mask_tile get_scan_tile "
    "get_shift_tile get_evidence_tile get_scene_tilejson get_wmts get_wmts_capabilities get_catalogue "
    "get_stac_conformance "
    "get_stac_collections get_stac_collection get_stac_items get_stac_item get_stac_search post_stac_search "
    "get_map get_api get_openapi get_api_page get_conditions get_detectors get_chip get_events get_events_atom "
    "get_alarms post_acknowledgement get_alarm_clock get_alarm_rules get_alarm_templates post_alarm_rule "
    "get_alarm_rule patch_alarm_rule delete_alarm_rule get_channels get_channel get_deliveries get_job_history "
    "get_nights get_night get_night_report get_case get_case_events get_case_moves get_case_clocks "
    "get_case_files get_case_file get_case_parties get_case_documents get_case_ledger get_case_fairness "
    "get_comparable_cases get_lead_grounds "
    "get_case_proof get_campaigns get_campaign get_case_file_small",
    # what leaves by a channel is taken away
    Permission.EXPORT: "get_case_ledger_file get_dossier "
    "get_export get_ledger get_patches get_package post_export get_export_content delete_export "
    "post_channel patch_channel delete_channel post_channel_test",
    # a sealed package holds names: whoever judges may see them
    Permission.JUDGE: "post_verdict delete_verdict get_second_looks post_answer post_lead_verdict post_case_evidence",
    Permission.UPLOAD: "post_scene options_uploads post_upload head_upload get_upload patch_upload delete_upload",
    Permission.LAYERS: "post_layer post_layer_preview",
    Permission.SCAN: "get_job_log post_scan post_earliest delete_job post_audit post_night",
    Permission.RULES: "post_rulebook_check post_rulebook put_rulebook_in_use put_model_in_use",
    Permission.LEADS: "post_report post_report_file get_reports get_report post_report_place get_report_photo "
    "get_leads get_lead post_lead_split post_lead_merge post_lead_note post_lead_gathering get_desk",
    # who of them may tell which event stands in the table of moves
    Permission.CASES: "post_case post_case_event get_officers post_case_file post_case_party "
    "post_case_document delete_case_document get_objections post_objection_case post_objection_answer "
    "post_lead_case post_case_proof post_campaign get_field_cases",
    Permission.PERSONAL: "get_personal get_case_personal get_case_document get_objection get_reporter",
    Permission.PEOPLE: "get_people post_person get_person patch_person post_person_link delete_personal "
    "delete_case_personal delete_reporter get_system_alarms",
    Permission.KEYS: "get_keys post_key delete_key",
    Permission.AUDIT: "get_audit_log get_audit_log_check",
    Permission.METRICS: "get_metrics",
}
NEEDS: Mapping[str, Need] = MappingProxyType({name: need for need, names in _NEEDS.items() for name in names.split()})

WHOLE = frozenset(
    {
        # layers are of the whole bureau, and so are the people, the keys, the record
        *("post_layer", "post_layer_preview"),
        # one rulebook and one model for all ground
        *("post_rulebook_check", "post_rulebook", "put_rulebook_in_use", "put_model_in_use"),
        *("post_audit", "get_audits", "get_audit", "post_answer"),
        *("get_people", "post_person", "get_person", "patch_person", "post_person_link"),
        *("delete_personal", "delete_case_personal", "delete_reporter", "get_system_alarms"),
        *("get_keys", "post_key", "delete_key", "get_audit_log", "get_audit_log_check"),
        # these tell of what lies everywhere
        *("get_campaigns", "get_campaign", "post_campaign"),
        *("get_metrics", "get_detectors", "get_nights", "get_night", "get_night_report", "post_night"),
        "post_lead_gathering",
    }
)
"""What only those may do who work everywhere, whatever their permissions."""

UNRECORDED = frozenset(
    {
        # these write their own entries
        *("delete_personal", "delete_case_personal", "delete_reporter"),
        *("post_session", "delete_session", "post_sign_out", "post_password", "post_first", "post_person"),
        *("patch_person", "post_person_link", "post_key", "delete_key"),
        *("post_rulebook", "put_rulebook_in_use", "put_model_in_use"),
        *("post_alarm_rule", "patch_alarm_rule", "delete_alarm_rule"),
        *("post_channel", "patch_channel", "delete_channel"),
        # these change nothing, or are parts of what is recorded
        *("post_stac_search", "post_layer_preview", "post_rulebook_check", "patch_upload"),
    }
)


def check_routes(names: Iterable[str]) -> None:
    """See that every route has its line.

    Raises:
        InternalError: If one has none.
    """
    missing = sorted({name for name in names if name not in NEEDS})
    if missing:
        raise InternalError(
            f"No permission is named for the routes {', '.join(missing)}.",
            remedy="Put them into the table of service/rights.py.",
        )
