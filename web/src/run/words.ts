/** Words that several parts of this module share. */
export const ROLES = {
  reader: ["查阅人员", "Reader"],
  analyst: ["分析人员", "Analyst"],
  officer: ["执法人员", "Officer"],
  legal_reviewer: ["法制审核人员", "Legal reviewer"],
  chief: ["负责人", "Chief"],
  auditor: ["审计人员", "Auditor"],
  administrator: ["系统管理员", "Administrator"],
  monitor: ["监控系统", "Monitor"],
} as const;

/** What a role may do, in a few words. */
export const ROLE_NOTES: Record<keyof typeof ROLES, readonly [string, string]> = {
  reader: ["查看", "looks"],
  analyst: ["导入、比对、导出、线索", "data in, scans, exports, leads"],
  officer: ["核查、办案、个人信息", "judges, works on cases, personal data"],
  legal_reviewer: ["法制审核、个人信息", "reviews cases, personal data"],
  chief: ["审批、核查、比对、规则", "approves, judges, scans, rules"],
  auditor: ["查看审计记录", "reads the record"],
  administrator: ["人员、密钥、数据导入、规则", "people, keys, data in, rules"],
  monitor: ["仅读取监控指标", "reads metrics alone"],
};

export const PERMISSIONS = {
  read: ["查看", "look"],
  export: ["导出", "take away as files"],
  judge: ["核查", "judge"],
  upload: ["上传影像", "send scenes"],
  layers: ["导入图层", "store layers"],
  scan: ["发起比对", "order scans"],
  rules: ["启用规则和模型", "put rules and models to use"],
  personal: ["查看个人信息", "see personal data"],
  leads: ["线索登记与研判", "record and triage leads"],
  cases: ["办理案件", "work on cases"],
  legal: ["法制审核", "review cases"],
  approve: ["审批", "approve"],
  people: ["管理人员", "manage people"],
  keys: ["管理密钥", "manage keys"],
  audit: ["查看审计记录", "read the record"],
  metrics: ["读取监控指标", "read metrics"],
} as const;

export const GRADES = {
  public: ["公开", "Public"],
  internal: ["内部", "Internal"],
  secret: ["涉密", "Secret"],
} as const;

/** Grades up to one's own: nobody gives what they lack. */
export function gradesUpTo(clearance: string | undefined): string[] {
  const grades = Object.keys(GRADES);
  return grades.slice(0, Math.max(1, grades.indexOf(clearance ?? "internal") + 1));
}
