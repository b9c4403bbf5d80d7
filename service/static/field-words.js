// The words of the field check: Chinese first, English where the browser wants it.

export const chinese = !(navigator.languages && navigator.languages.length ? navigator.languages[0] : navigator.language || "zh")
  .toLowerCase().startsWith("en");

const WORDS = {
  title: ["现场勘验", "Field check"],
  cases: ["案件", "Cases"],
  outbox: ["待发", "To send"],
  mine: ["我的案件", "My cases"],
  all: ["全部", "All"],
  online: ["在线", "Online"],
  offline: ["离线，所填内容保存在手机上", "Offline; what you fill in is kept on the phone"],
  sending: ["正在发送…", "Sending…"],
  waits: ["{n} 项待发", "{n} to send"],
  send_now: ["立即发送", "Send now"],
  no_line: ["未能连接服务器", "The server cannot be reached"],
  server_said: ["服务器暂时无法接收（{status}）：{detail}", "The server cannot take it now ({status}): {detail}"],
  signed_out: ["未登录或登录已过期。", "You are not signed in, or the session has ended. "],
  signed_out_keeps: ["已填内容仍在手机上，登录后继续发送。", "What you filled in stays on the phone and is sent once you sign in."],
  sign_in: ["登录", "Sign in"],
  sign_out: ["退出", "Sign out"],
  sign_out_ask: ["退出后，本机不再显示您的案件；{n} 项待发内容会保留，直至您再次在本机登录。退出？", "After signing out this phone shows your cases no more; {n} items that wait are kept until you sign in here again. Sign out?"],
  no_right: ["您没有办案权限，请联系系统管理员。", "You have no right to work on cases; ask an administrator."],
  unknown_person: ["请先在有网络时登录一次。", "Sign in once while there is a line."],
  other_waits: ["本机另有他人未发内容 {n} 项，仅其本人登录后可见、可发送。", "This phone keeps {n} unsent items of somebody else; only they see and send them, once they sign in."],
  update: ["有新版本。所填内容不受影响。", "There is a new version. What you filled in stays."],
  update_now: ["更新", "Update"],
  none: ["没有案件。", "No cases."],
  no_list: ["尚未取得案件列表，请在有网络时打开一次。", "The list of cases was not fetched yet; open this once while there is a line."],
  left_out: ["另有 {n} 件未列出（先列本人和最急的）。", "{n} more are not listed (your own and the most urgent come first)."],
  as_of: ["列表取于 {at}", "List of {at}"],
  due: ["{at} 到期", "due {at}"],
  overdue: ["{at} 已逾期", "overdue since {at}"],
  provisional: ["暂定", "provisional"],
  no_term: ["无运行中的期限", "no term is running"],
  away: ["{direction}方 {distance}", "{distance} {direction}"],
  metres: ["{n} 米", "{n} m"], km: ["{n} 公里", "{n} km"],
  here: ["就在此处（误差 {m} 米）", "here (within {m} m)"],
  no_position: ["无定位", "no position"],
  north: ["北", "N"], northeast: ["东北", "NE"], east: ["东", "E"], southeast: ["东南", "SE"],
  south: ["南", "S"], southwest: ["西南", "SW"], west: ["西", "W"], northwest: ["西北", "NW"],
  back: ["返回", "Back"],
  start: ["开始勘验", "Begin a check"],
  go_on: ["继续填写", "Go on"],
  may_not: ["本案目前不能办理勘验。", "This case takes no check now."],
  state: ["状态", "State"], unit: ["派遣单位", "Unit"], place: ["位置", "Place"], term: ["期限", "Term"],
  at: ["勘验时间", "Time of the check"],
  notes: ["备注（另记为案件备注）", "Notes (kept as a note of the case)"],
  two: ["须两名以上执法人员（处罚法 42）", "two officers at least (处罚法 42)"],
  choose: ["请选择", "choose"],
  find: ["查找姓名", "find a name"],
  photos: ["照片", "Photographs"],
  take: ["拍照", "Take a photograph"],
  from_files: ["从相册选择", "From the album"],
  photo_note: ["说明", "Note"],
  photo_of: ["{at} · {position} · {bearing}", "{at} · {position} · {bearing}"],
  position_of: ["定位误差 {m} 米", "position within {m} m"],
  position_waits: ["正在定位…", "waiting for the position…"],
  bearing_of: ["方位 {deg}°", "bearing {deg}°"],
  no_bearing: ["无方位", "no bearing"],
  remove: ["删除", "Remove"],
  remove_ask: ["删除这张照片？", "Remove this photograph?"],
  finish: ["完成，待发", "Done: queue it"],
  discard: ["放弃此表", "Discard this form"],
  discard_ask: ["放弃此表及其照片？不能恢复。", "Discard this form and its photographs? This cannot be undone."],
  kept: ["所填内容随时保存在手机上。", "What you fill in is kept on the phone at once."],
  draft: ["未完成", "draft"],
  waiting: ["待发", "waiting"],
  sent: ["已发送", "sent"],
  conflict: ["案件已有新进展", "the case went on"],
  refused: ["被退回", "refused"],
  photo_sent: ["已送达", "arrived"],
  photo_kept: ["待发", "waiting"],
  photo_refused: ["被退回", "refused"],
  conflict_told: ["填写之后，案件又办理了以下事项。请核对，仍然成立的可再次发送。", "Since you began, this happened to the case. Look at it; if your check still holds, send it again."],
  send_again: ["核对无误，再次发送", "It still holds: send again"],
  correct: ["修改", "Correct"],
  take_back: ["取回修改", "Take back"],
  article: ["依据", "Article"],
  remedy: ["处理办法", "Remedy"],
  doubts: ["系统对照片的疑点（供审核，非结论）", "What speaks against photographs (for review, no verdict)"],
  event_no: ["事项编号 {n}", "event {n}"],
  sent_at: ["{at} 送达", "arrived {at}"],
  missing: ["请填写：{names}", "Please fill in: {names}"],
  storage: ["本机已用 {used}，还可用约 {free}。", "Used {used} on this phone, about {free} are left."],
  storage_kept: ["浏览器承诺不自动清除。", "The browser promised to keep it."],
  storage_may_go: ["空间不足时浏览器可能清除，请尽早发送。", "The browser may clear it when space runs short: send soon."],
  storage_low: ["手机空间不足，请先发送再拍照。", "The phone is nearly full: send before you take more."],
  storage_full: ["手机空间不足，未能保存：{detail}", "The phone is full; this was not kept: {detail}"],
  not_kept: ["未能保存：{detail}", "This was not kept: {detail}"],
  lost_photo: ["手机上的照片已损坏或丢失，请删除后重拍。", "The photograph on the phone is damaged or lost: remove it and take another."],
  other_file: ["服务器收到的文件与手机上的不同，请联系管理员。", "The server holds another file than the phone: tell an administrator."],
  no_secure: ["请通过 HTTPS 打开本页：否则不能离线使用、定位和校验照片。", "Open this page over HTTPS: without it nothing works offline, and there is no position and no checksum."],
  no_db: ["此浏览器不能保存数据（无痕模式？），不能离线使用。", "This browser keeps no data (a private window?): nothing can be filled in offline."],
  install: ["提示：在浏览器菜单中选择“添加到主屏幕”。", "Hint: choose “Add to home screen” in the menu of the browser."],
  outbox_empty: ["没有待发内容。", "Nothing waits."],
  by: ["办理人", "by"],
};

/** A word, with values put in. */
export function t(name, values) {
  const pair = WORDS[name];
  const text = pair ? pair[chinese ? 0 : 1] : name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => (values && key in values ? String(values[key]) : whole));
}

/** The title of something that the server names in both languages. */
export function titled(thing) {
  return (chinese ? thing.title_zh : thing.title) || thing.title || thing.name || "";
}

/** A moment as people write it here. */
export function moment(value) {
  const at = new Date(value), two = (n) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A size in bytes. */
export function size(bytes) {
  const mb = bytes / 1048576;
  if (mb < 1) return `${Math.round(bytes / 1024)} kB`;
  return mb >= 1024 ? `${(mb / 1024).toFixed(1)} GB` : `${mb >= 10 ? Math.round(mb) : mb.toFixed(1)} MB`;
}
