// What the phone itself can tell: where it is, where it looks, what a file's checksum is.

const state = { position: null, watching: null, heading: null, denied: false };
const FRESH_MS = 30000;

/** Begin to follow position and heading; `changed` is called with every new position. */
export function follow(changed) {
  if (!("geolocation" in navigator) || state.watching !== null) return;
  state.watching = navigator.geolocation.watchPosition(
    (found) => { state.denied = false; state.position = told(found); changed(); },
    (error) => { state.denied = error.code === error.PERMISSION_DENIED; changed(); },
    { enableHighAccuracy: true, maximumAge: 10000 },
  );
  const name = "ondeviceorientationabsolute" in window ? "deviceorientationabsolute" : "deviceorientation";
  window.addEventListener(name, turned);
}

function told(found) {
  const c = found.coords;
  return { lon: c.longitude, lat: c.latitude, accuracy_m: c.accuracy, at: found.timestamp };
}

/** Where the phone is, as far as it is known; null without it. */
export function position() { return state.position; }

/** A position of now; null where the phone gives none in time. */
export function locate(ms) {
  if (!("geolocation" in navigator)) return Promise.resolve(null);
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      (found) => { state.position = told(found); resolve(state.position); },
      () => resolve(state.position && Date.now() - state.position.at < FRESH_MS ? state.position : null),
      { enableHighAccuracy: true, maximumAge: 5000, timeout: ms },
    );
  });
}

// Where the camera on the back looks: the way of the axis out of the back, laid on the ground
// (W3C Device Orientation, worked example). A phone that looks at the ground looks nowhere.
function turned(event) {
  let degrees = null;
  if (typeof event.webkitCompassHeading === "number") degrees = event.webkitCompassHeading;
  else if (event.absolute && event.alpha !== null && event.beta !== null && event.gamma !== null) {
    degrees = headingOf(event.alpha, event.beta, event.gamma);
  }
  if (degrees !== null) state.heading = { degrees, at: Date.now() };
}

/** Heading of the camera from the three angles of the device, degrees from north; null where it looks up or down. */
export function headingOf(alpha, beta, gamma) {
  const r = Math.PI / 180, a = alpha * r, b = beta * r, g = gamma * r;
  const east = -Math.cos(a) * Math.sin(g) - Math.sin(a) * Math.sin(b) * Math.cos(g);
  const north = -Math.sin(a) * Math.sin(g) + Math.cos(a) * Math.sin(b) * Math.cos(g);
  if (Math.hypot(east, north) < 0.3) return null;
  return (Math.atan2(east, north) / r + 360) % 360;
}

/** The last heading that is fresh; null without one. */
export function bearing() {
  return state.heading && Date.now() - state.heading.at < FRESH_MS ? state.heading.degrees : null;
}

/** SHA-256 of bytes, as hexadecimal digits. */
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (one) => one.toString(16).padStart(2, "0")).join("");
}

/** A name that no other thing has. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
}

/** Bytes of a file, in browsers that lack Blob.arrayBuffer too. */
export function bytesOf(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(blob);
  });
}

const EARTH_M = 6371008.8;

/** Distance in metres and direction in degrees from one place to another: [longitude, latitude]. */
export function way(from, to) {
  const r = Math.PI / 180, [lon1, lat1] = from.map((n) => n * r), [lon2, lat2] = to.map((n) => n * r);
  const h = Math.sin((lat2 - lat1) / 2) ** 2 + Math.cos(lat1) * Math.cos(lat2) * Math.sin((lon2 - lon1) / 2) ** 2;
  const y = Math.sin(lon2 - lon1) * Math.cos(lat2);
  const x = Math.cos(lat1) * Math.sin(lat2) - Math.sin(lat1) * Math.cos(lat2) * Math.cos(lon2 - lon1);
  return { metres: 2 * EARTH_M * Math.asin(Math.sqrt(h)), degrees: (Math.atan2(y, x) / r + 360) % 360 };
}
