"""A small OpenID Connect provider on this machine, as strict as a real one, and as wrong as a test wants it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

CLIENT_ID, SECRET = "kancha", "a secret: with % and ü"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: dict[str, Any], claims: dict[str, Any], key: RSAKey | ECKey) -> str:
    return jws.serialize_compact(header, json.dumps(claims), key, [header["alg"]])


def unsigned(claims: dict[str, Any]) -> str:
    """A token of the algorithm none."""
    return f"{b64(json.dumps({'alg': 'none'}).encode())}.{b64(json.dumps(claims).encode())}."


def signed_by_public_key(claims: dict[str, Any], key: RSAKey) -> str:
    """A token of HS256, whose secret is what everybody knows: the public key."""
    head = b64(json.dumps({"alg": "HS256", "kid": key.kid}).encode())
    text = f"{head}.{b64(json.dumps(claims).encode())}"
    return f"{text}.{b64(hmac.new(key.as_pem(private=False), text.encode(), hashlib.sha256).digest())}"


@dataclass
class FakeProvider:
    """What the server answers with.

    Args:
        root: Address of the server.
    """

    root: str
    key: RSAKey | ECKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    algorithm: str = "RS256"
    claims: dict[str, Any] = field(default_factory=dict)
    """What is said of the person, and what is said wrongly."""
    token: Callable[[dict[str, Any]], str] | None = None
    """Makes the token in another way."""
    told: dict[str, Any] = field(default_factory=dict)
    """What discovery says otherwise."""
    down: bool = False
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _path: str = field(default_factory=lambda: f"/realms/{uuid.uuid4().hex}")

    @property
    def issuer(self) -> str:
        return self.root + self._path

    def rotate(self) -> None:
        self.key = RSAKey.generate_key(2048, auto_kid=True)

    def authorize(self, address: str) -> tuple[str, str]:
        """What happens in the browser: somebody signs in; the code and the state that they come back with."""
        assert address.startswith(f"{self.issuer}/authorize?")
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert query["code_challenge_method"] == "S256" and "openid" in query["scope"].split()
        code = uuid.uuid4().hex
        self._codes[code] = query
        return code, query["state"]

    def answer(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        name = path.removeprefix(self._path)
        self.asked.append(name)
        if self.down:
            return 503, {}
        if name == "/.well-known/openid-configuration":
            return 200, self._discovery() | self.told
        if name == "/keys":
            return 200, {"keys": [{"kty": "OKP", "crv": "later"}, self.key.as_dict(private=False, use="sig")]}
        if name == "/token":
            return self._token(form, authorization)
        return 404, {}

    def _discovery(self) -> dict[str, Any]:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": self.issuer} | {name: f"{self.issuer}/{path}" for name, path in names.items()}

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if not self._knows(form, authorization):
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant", "error_description": f"of {SECRET}"}
        if b64(hashlib.sha256(form["code_verifier"].encode()).digest()) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "17", "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        claims |= {"nonce": asked["nonce"]} | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.token is not None:
            return 200, {"id_token": self.token(claims)}
        return 200, {"id_token": signed({"alg": self.algorithm, "kid": self.key.kid}, claims, self.key)}

    def _knows(self, form: dict[str, str], authorization: str) -> bool:
        if self.told.get("token_endpoint_auth_methods_supported") == ["client_secret_post"]:
            return not authorization and (form["client_id"], form["client_secret"]) == (CLIENT_ID, SECRET)
        kind, _, told = authorization.partition(" ")
        name, _, secret = base64.b64decode(told).decode().partition(":")
        return kind == "Basic" and (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, SECRET)


@contextmanager
def serving() -> Iterator[Callable[[], FakeProvider]]:
    """A server, and what makes a provider on it: each has a path, and so an issuer, of its own."""
    made: list[FakeProvider] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            found = next(one for one in made if f"{one.root}{self.path}".startswith(one.issuer))
            status, told = found.answer(self.path, form, self.headers.get("authorization") or "")
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def make() -> FakeProvider:
        made.append(FakeProvider(f"http://127.0.0.1:{server.server_address[1]}"))
        return made[-1]

    try:
        yield make
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
