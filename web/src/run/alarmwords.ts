/** Words of alarms. */
export const STEPS_AT_ONCE = {
  gravest: ["仅最紧急的即报", "the gravest at once"],
  all: ["全部即报", "all at once"],
  none: ["全部汇总", "none at once"],
} as const;

export const CHANNEL_KINDS = {
  in_app: ["系统内", "In the application"],
  webhook: ["Webhook", "Webhook"],
  apprise: ["群机器人 / 邮件", "Group robot, e-mail"],
} as const;

export const STYLES = {
  cloudevents: ["系统对接 (CloudEvents)", "Another system (CloudEvents)"],
  robot: ["政务钉钉机器人", "Robot of a government group"],
  template: ["短信网关等（模板）", "Gateway by a template"],
} as const;

export const EVENTS = {
  "finding.appeared": ["新发现", "A finding"],
  "finding.judged": ["核查结论", "A verdict"],
  "alarm.raised": ["告警", "An alarm"],
  "scan.completed": ["比对完成", "A scan"],
  "scene.stored": ["影像入库", "A scene"],
} as const;

export const DELIVERIES = {
  waiting: ["待发送", "Waiting"],
  sending: ["发送中", "Being sent"],
  sent: ["已送达", "Sent"],
  failed: ["失败", "Failed"],
  withdrawn: ["已撤回", "Withdrawn"],
} as const;

export const PURPOSES = {
  alarm: ["即时告警", "Alarm"],
  digest: ["汇总", "Digest"],
  escalation: ["升级上报", "Escalation"],
  event: ["事件推送", "Event"],
  system: ["系统告警", "System"],
  case: ["案件提醒", "Case"],
  test: ["测试", "Test"],
} as const;
