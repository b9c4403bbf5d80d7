/** Steps of a case in groups, so that thirty buttons can be found; a step that nobody sorted is one of the others. */

export const GROUPS: Record<string, readonly [string, string]> = {
  procedure: ["推进程序", "Procedure"],
  site: ["现场与制止", "On site"],
  approval: ["审批与审核", "Approval and review"],
  party: ["当事人权利", "The party"],
  remedy: ["复议诉讼与法院", "Review, suit, court"],
  hold: ["暂缓与中止", "Holds"],
  land: ["土地利用", "Use of the land"],
  other: ["其他", "Other"],
};

const SORTED: Record<string, string> = {
  procedure:
    "classified filed filing_declined investigated rights_notice_served decided decision_served reminder_served enforcement_decided enforcement_decision_served announced demolition_started demolition_done correction_done confiscation_done proof_received closed no_penalty transferred transfer_returned reopened terminated fine_paid substitute_reminded removal_reported",
  site: "inspected stop_order_served stop_obeyed stop_ignored stop_ignored_reported removal_instructed sealed sealing_approved sealing_extended sealing_lifted evidence_preserved preservation_decided interviewed appraisal_started appraisal_ended handed_over rebuilding_seen",
  approval: "approval_asked approved rejected legal_review_passed legal_review_returned",
  party:
    "party_unknown public_notice_posted owner_appeared statement_received statement_answered rights_waived hearing_asked hearing_refused hearing_notice_served hearing_held hearing_withdrawn complaint_answered objection_answered",
  remedy: "review_applied review_extended review_decided suit_filed suit_decided court_hold court_hold_lifted court_application court_allowed court_refused decision_overturned decision_withdrawn decision_published",
  hold: "suspended resumed hardship_held hardship_released agreement_made agreement_broken",
  land: "reuse_planned reuse_measured reuse_done",
};

const GROUP = new Map(Object.entries(SORTED).flatMap(([group, events]) => events.split(" ").map((event) => [event, group] as const)));

export function groupOf(event: string): string {
  return GROUP.get(event) ?? "other";
}
