// Keeps the page of the field check on the phone, so that it opens without a line. What is asked of the service itself
// is never kept here: the page keeps what it needs, for the one who has signed in.
// The line above, which the service puts in, changes with every part of the page; then this worker is a new one. It
// takes all parts anew, and waits until the officer says so: a page never runs with parts of two versions.
const CACHE = `kancha-field-${VERSION}`;
const BASE = self.location.href.replace(/[^/]*$/, "");
const PAGE = `${BASE}field`;
const PARTS = [
  "field-form.js", "field-sense.js", "field-store.js", "field-sync.js", "field-view.js", "field-words.js", "field.js",
  "field.css", "field.webmanifest", "field-192.png",
].map((name) => `${BASE}static/${name}`);

self.addEventListener("install", (event) => {
  const anew = [PAGE, ...PARTS].map((url) => new Request(url, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(anew)));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(
    names.filter((name) => name.startsWith("kancha-field-") && name !== CACHE).map((name) => caches.delete(name)),
  ));
  event.waitUntil(old.then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => { if (event.data === "take over") self.skipWaiting(); });

self.addEventListener("fetch", (event) => {
  const url = event.request.url.split(/[?#]/)[0];
  if (event.request.method !== "GET" || (url !== PAGE && !PARTS.includes(url))) return;
  event.respondWith(caches.open(CACHE)
    .then((cache) => cache.match(url, { ignoreVary: true }))
    .then((found) => found || fetch(event.request)));
});
