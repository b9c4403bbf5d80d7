// What the phone keeps, in IndexedDB: checks, photographs, and what was fetched for use without a line.
// Every change is one transaction: a page that dies in the middle leaves the whole of it or nothing.

const NAME = "kancha-field", VERSION = 1;
export const DAYS_KEPT = 30;
let opening = null;

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function open() {
  if (!opening) {
    opening = new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        // a later version adds to what is here and removes nothing: what waits must outlive every update
        const db = request.result;
        const checks = db.createObjectStore("checks", { keyPath: "id" });
        checks.createIndex("person", "person");
        const photos = db.createObjectStore("photos", { keyPath: "id" });
        photos.createIndex("check", "check");
        db.createObjectStore("kept", { keyPath: "key" });
      };
      request.onsuccess = () => {
        // another tab with a newer page must not wait for this one
        request.result.onversionchange = () => { request.result.close(); opening = null; };
        resolve(request.result);
      };
      request.onerror = () => { opening = null; reject(request.error); };
    });
  }
  return opening;
}

/** Run a function on stores within one transaction; the promise holds once all of it is on the disk. */
export async function change(names, work) {
  const db = await open();
  return new Promise((resolve, reject) => {
    let result;
    const transaction = db.transaction(names, "readwrite");
    transaction.oncomplete = () => resolve(result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error || new Error("aborted"));
    result = work(...names.map((name) => transaction.objectStore(name)));
  });
}

// the whole is handed over at once, so that it is kept although the page dies in the next millisecond
function putNow(name, made) {
  return change([name], (store) => {
    store.put(made);
    if (store.transaction.commit) store.transaction.commit();
  });
}

async function read(name, ask) {
  const db = await open();
  return done(ask(db.transaction(name, "readonly").objectStore(name)));
}

const byTime = (a, b) => (a.made_at < b.made_at ? -1 : a.made_at > b.made_at ? 1 : 0);

export const check = (id) => read("checks", (store) => store.get(id));
export const putCheck = (made) => putNow("checks", made);
export const checksOf = async (person) => (await read("checks", (store) => store.index("person").getAll(person))).sort(byTime);
export const everyCheck = () => read("checks", (store) => store.getAll());
export const photo = (id) => read("photos", (store) => store.get(id));
export const putPhoto = (made) => putNow("photos", made);
export const photosOf = async (id) => (await read("photos", (store) => store.index("check").getAll(id))).sort(byTime);
export const removePhoto = (id) => change(["photos"], (store) => { store.delete(id); });

/** Change some members of a photograph as it is kept now, and of no one that was removed meanwhile. */
export function editPhoto(id, members) {
  return change(["photos"], (store) => {
    const request = store.get(id);
    request.onsuccess = () => { if (request.result) store.put(Object.assign(request.result, members)); };
  });
}

/** The same for a check. */
export function editCheck(id, members) {
  return change(["checks"], (store) => {
    const request = store.get(id);
    request.onsuccess = () => { if (request.result) store.put(Object.assign(request.result, members)); };
  });
}

/** Remove a check with its photographs. */
export async function removeCheck(id) {
  const photos = await photosOf(id);
  await change(["checks", "photos"], (checks, store) => {
    checks.delete(id);
    for (const one of photos) store.delete(one.id);
  });
}

/** All has arrived: note it and let go of the pictures, in one step. */
export async function settle(id, members) {
  const photos = await photosOf(id);
  await change(["checks", "photos"], (checks, store) => {
    const request = checks.get(id);
    request.onsuccess = () => checks.put(Object.assign(request.result, members));
    for (const one of photos) store.put(Object.assign(one, { blob: null }));
  });
}

/** Forget what arrived long ago. */
export async function forgetOld(now) {
  const before = new Date(now - DAYS_KEPT * 86400000).toISOString();
  for (const one of await everyCheck()) {
    if (one.status === "sent" && one.sent_at < before) await removeCheck(one.id);
  }
}

export const kept = async (key) => { const found = await read("kept", (store) => store.get(key)); return found ? found.value : null; };
export const keep = (key, value) => change(["kept"], (store) => { store.put({ key, value }); });
export const forget = (key) => change(["kept"], (store) => { store.delete(key); });
