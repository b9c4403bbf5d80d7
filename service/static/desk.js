// The form of the duty desk: sends what was filled in, with the word of the session, and tells what became of it.
"use strict";

const form = document.getElementById("desk");
const told = document.getElementById("told");
const reporter = document.getElementById("reporter");
form.elements.anonymous.addEventListener("change", (event) => { reporter.disabled = event.target.checked; });

function filled() {
  const data = new FormData();
  for (const [name, value] of new FormData(form)) {
    if (value !== "") data.append(name, name === "seen_at" ? `${value}+08:00` : value);
  }
  [...document.getElementById("photos").files].forEach((file, at) => data.append(`photo${at + 1}`, file, file.name));
  return data;
}

async function send() {
  const session = await (await fetch(form.dataset.session)).json();
  const headers = session.csrf_token ? { "X-CSRF-Token": session.csrf_token } : {};
  const answer = await fetch(form.action, { method: "POST", headers, body: filled() });
  const body = await answer.json();
  told.className = answer.ok ? "note" : "fault";
  if (!answer.ok) {
    told.textContent = [body.title_zh, body.detail_zh, body.remedy_zh, body.detail || body.title, body.remedy].filter(Boolean).join(" ");
    return;
  }
  told.textContent = body.new ? "已登记 Recorded: " : "此前已登记，未重复保存 Known before, stored once: ";
  const lead = body.report.lead_id;
  const link = document.createElement("a");
  link.href = lead ? form.dataset.lead + lead : body.links[0].href;
  link.textContent = lead || `${body.report.id}（待定位 waits for a place）`;
  told.append(link);
  if (body.new) form.reset();
  reporter.disabled = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  told.textContent = "…";
  send().catch((error) => { told.className = "fault"; told.textContent = `未能发送 Not sent: ${error}`; });
});
