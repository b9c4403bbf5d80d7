"""Sign-in by OpenID Connect: the authorization code flow with PKCE, and nothing of any web framework.

What has to be remembered while somebody is at the provider goes with their browser, encrypted. Its key is derived
from the client secret: every replica has that among its settings, so any of them can finish what another began, and
nothing has to be stored, handed round or renewed. When the secret is changed, sign-ins under way begin anew.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jws
from joserfc.errors import ExpiredTokenError, JoseError, MissingClaimError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jwt import JWTClaimsRegistry

from service.auth.wire import fetch
from service.errors import OidcError

ALGORITHMS: Mapping[str, str] = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
"""Signatures that are believed, and the kind of key of each. Neither none nor one made with a shared secret."""
PENDING_S = 600
"""So long somebody may stay at the provider, s."""
LEEWAY_S = 60
"""So far the clocks may be apart, s."""
_FRESH_S = 3600
_PAUSE_S = 5
_AGAIN = "Begin the sign-in anew."
_ASK = "Ask whoever runs the provider; until then sign in with your password."


@dataclass(frozen=True)
class Client:
    """What Kancha is at the provider.

    Args:
        issuer: Address of the provider, exactly as it names itself.
        client_id: Its name there.
        secret: What it shows.
        scopes: What it asks for.
    """

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...] = ("openid", "profile")


@dataclass(frozen=True)
class Pending:
    """What is remembered while somebody is at the provider.

    Args:
        state: Comes back with the answer, so that it belongs to this browser.
        nonce: Comes back in the token, so that it was made for this sign-in.
        verifier: Shows that whoever brings the code has begun the sign-in.
        redirect_uri: Where the provider sends the browser.
        next: Where the person wanted to go.
        until: Its end, s since 1970.
    """

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    next: str
    until: float


@dataclass(frozen=True)
class _Endpoints:
    authorization: str
    token: str
    keys: str
    basic: bool


class Provider:
    """The bureau's own sign-in. What it tells of itself is kept for an hour, its keys until an unknown one is used.

    Args:
        client: What Kancha is there.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        # slow on purpose: what a browser keeps must be no quick test of guesses at a short secret
        salt = f"kancha oidc pending 1\n{client.issuer}\n{client.client_id}".encode()
        self._seal = AESGCM(hashlib.scrypt(client.secret.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32))
        self._lock = threading.Lock()
        self._endpoints: _Endpoints | None = None
        self._endpoints_until = 0.0
        self._failed: OidcError | None = None
        self._failed_until = 0.0
        self._keys: list[RSAKey | ECKey] = []

    def begin(self, redirect_uri: str, wanted: str, now: float) -> tuple[str, str]:
        """Begin a sign-in.

        Args:
            redirect_uri: Where the provider sends the browser back to.
            wanted: Where the person wanted to go.
            now: s since 1970.

        Returns:
            Where to send the browser, and what it keeps until it comes back: a sealed `Pending`.

        Raises:
            OidcError: If the provider does not answer, or is another.
        """
        endpoints = self._discovered(now)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        pending = Pending(state, nonce, verifier, redirect_uri, wanted, now + PENDING_S)
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._client.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": _plain64(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(endpoints.authorization).query else "?"
        return f"{endpoints.authorization}{joint}{urlencode(query)}", self.seal(pending)

    def seal(self, pending: Pending) -> str:
        """A `Pending` that only Kancha can read and make."""
        nonce = secrets.token_bytes(12)
        sealed = nonce + self._seal.encrypt(nonce, json.dumps(asdict(pending), ensure_ascii=False).encode(), None)
        return _plain64(sealed)

    def unseal(self, sealed: str, state: str, now: float) -> Pending:
        """What a browser has kept.

        Raises:
            OidcError: If it kept nothing of this service, came too late, or the answer belongs to another sign-in.
        """
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
            pending = Pending(**json.loads(self._seal.decrypt(raw[:12], raw[12:], None)))
        except (ValueError, TypeError, InvalidTag):
            raise OidcError(
                f"The browser brings back nothing readable of the sign-in ({len(sealed)} characters).",
                remedy=f"Allow cookies for this service. {_AGAIN}",
                reason="pending",
            ) from None
        if now > pending.until:
            raise OidcError(
                f"The sign-in was begun more than {PENDING_S} s ago.", remedy=_AGAIN, reason="pending-expired"
            )
        if not hmac.compare_digest(pending.state.encode(), state.encode()):
            raise OidcError("The answer belongs to another sign-in.", remedy=_AGAIN, reason="state")
        return pending

    def finish(self, pending: Pending, code: str, now: float) -> dict[str, Any]:
        """What the provider says of who has signed in.

        Args:
            pending: What was remembered, already compared with the state.
            code: What the provider gave the browser.
            now: s since 1970.

        Raises:
            OidcError: If the provider does not answer or refuses, or its token is not to be believed.
        """
        endpoints = self._discovered(now)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": pending.redirect_uri,
            "code_verifier": pending.verifier,
        }
        auth = None
        if endpoints.basic:
            auth = httpx.BasicAuth(quote_plus(self._client.client_id), quote_plus(self._client.secret))
        else:
            form |= {"client_id": self._client.client_id, "client_secret": self._client.secret}
        told = fetch(endpoints.token, "token", form=form, auth=auth)
        token = told.get("id_token")
        if not isinstance(token, str):
            raise OidcError("The provider's answer holds no ID token.", remedy=_ASK, reason="token-missing")
        return self._believed(token, pending.nonce, now)

    # --- what the provider tells of itself -------------------------------------------------------

    def _discovered(self, now: float) -> _Endpoints:
        """Where the provider answers. After a failure it is left alone for some seconds, lest all threads wait."""
        with self._lock:
            if self._endpoints is not None and now < self._endpoints_until:
                return self._endpoints
            if self._failed is not None and now < self._failed_until:
                raise OidcError(self._failed.message, remedy=self._failed.remedy, **self._failed.measured)
            try:
                self._endpoints = self._discover()
            except OidcError as error:
                self._failed, self._failed_until = error, now + _PAUSE_S
                raise
            self._endpoints_until, self._failed = now + _FRESH_S, None
            return self._endpoints

    def _discover(self) -> _Endpoints:
        issuer = self._client.issuer
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        told = fetch(_safe(address, "issuer"), "discovery")
        if told.get("issuer") != issuer:
            raise OidcError(
                f"The provider calls itself {str(told.get('issuer'))[:200]!r}, the setting says {issuer!r}.",
                remedy="Set KANCHA_AUTH__OIDC__ISSUER to the very text that the provider tells.",
                reason="issuer",
            )
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        authorization, token, keys = (_safe(told.get(name), name) for name in names)
        methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if not {"client_secret_basic", "client_secret_post"} & set(methods):
            raise OidcError(
                f"The provider takes client secrets by {', '.join(map(str, methods))[:200]} alone.",
                remedy="Let it take client_secret_basic or client_secret_post.",
                reason="discovery",
            )
        return _Endpoints(authorization, token, keys, "client_secret_basic" in methods)

    def _keys_for(self, algorithm: str, kid: object, now: float) -> list[RSAKey | ECKey]:
        """Keys that may have made a signature; where none is known the provider is asked once more."""
        wanted = ALGORITHMS[algorithm]
        for fetched in (False, True):
            if fetched:
                self._keys = _keys_of(fetch(self._discovered(now).keys, "keys"))
            found = [key for key in self._keys if key.key_type == wanted and kid in (None, key.kid)]
            if found:
                return found
        raise OidcError(
            f"The provider has no {wanted} key {str(kid)[:80]!r} among its {len(self._keys)}.",
            remedy=_ASK,
            reason="key-unknown",
            algorithm=algorithm,
        )

    # --- its token -------------------------------------------------------------------------------

    def _believed(self, token: str, nonce: str, now: float) -> dict[str, Any]:
        try:
            found = jws.extract_compact(token.encode())
        except (JoseError, ValueError) as error:
            raise _unsigned("The ID token is none.", "token-malformed") from error
        header = found.headers()
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise OidcError(
                f"The ID token is signed by {str(algorithm)[:40]!r}.",
                remedy=f"Let the provider sign for this client by one of {', '.join(ALGORITHMS)}.",
                reason="algorithm",
                algorithm=str(algorithm)[:40],
            )
        keys = self._keys_for(algorithm, header.get("kid"), now)
        if not any(_signed(found, key, algorithm) for key in keys):
            raise _unsigned("The signature of the ID token does not hold.", "signature")
        try:
            claims = json.loads(found.payload)
        except ValueError as error:
            raise _unsigned("The ID token holds no claims.", "token-malformed") from error
        if not isinstance(claims, dict):
            raise _unsigned("The ID token holds no claims.", "token-malformed")
        self._check(claims, nonce, now)
        return claims

    def _check(self, claims: dict[str, Any], nonce: str, now: float) -> None:
        own = self._client.client_id
        registry = JWTClaimsRegistry(
            now=int(now),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._client.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": own},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
            azp={"value": own},
        )
        try:
            registry.validate(claims)
        except ExpiredTokenError as error:
            late = round(now - claims["exp"])
            raise _unclaimed(f"The ID token ran out {late} s ago.", "exp", late_s=late) from error
        except MissingClaimError as error:
            raise _unclaimed(f"The ID token lacks {error.claim}.", error.claim) from error
        except JoseError as error:
            name = getattr(error, "claim", "claims")
            raise _unclaimed(f"The claim {name} of the ID token is not for this sign-in.", name) from error
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and "azp" not in claims:
            raise _unclaimed(f"The ID token is for {len(audience)} services and does not say whose it is.", "azp")


@lru_cache(maxsize=8)
def provider(client: Client) -> Provider:
    """The provider of a client, one in each process: what it tells is fetched once for all requests."""
    return Provider(client)


def subject_of(claims: Mapping[str, Any]) -> str:
    """Who somebody is for ever: issuer and subject. What is too long to be stored stands as its digest."""
    told = f"{claims['iss']}#{claims['sub']}"
    return told if len(told) <= 255 else f"sha256:{hashlib.sha256(told.encode()).hexdigest()}"


def claim_at(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path with dots (`realm_access.roles`); None without it."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def words_at(claims: Mapping[str, Any], name: str) -> list[str]:
    """The texts of a claim that is one text or a list of them; whatever else it holds is passed over."""
    found = claim_at(claims, name)
    if isinstance(found, str):
        return [found]
    return [word for word in found if isinstance(word, str)] if isinstance(found, list) else []


def _plain64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _safe(address: object, name: str) -> str:
    """An address to which secrets may be sent: HTTPS, or this very machine.

    Raises:
        OidcError: If it is none.
    """
    parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
    here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not isinstance(address, str) or not (parts.scheme == "https" or (parts.scheme == "http" and here)):
        raise OidcError(
            f"{name} is {str(address)[:200]!r}: no address that begins with https://.",
            remedy="Let the provider answer over HTTPS.",
            reason="discovery",
        )
    return address


def _keys_of(told: Mapping[str, Any]) -> list[RSAKey | ECKey]:
    """The keys of a set that are for signatures and of a kind that is believed."""
    kinds: Mapping[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}
    found: list[RSAKey | ECKey] = []
    entries = told.get("keys")
    for entry in entries if isinstance(entries, list) else []:
        kind = kinds.get(str(entry.get("kty"))) if isinstance(entry, dict) else None
        if kind is None or entry.get("use", "sig") != "sig":
            continue
        try:
            found.append(kind.import_key(entry))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return found


def _signed(token: jws.CompactSignature, key: RSAKey | ECKey, algorithm: str) -> bool:
    try:
        return jws.validate_compact(token, key, [algorithm])
    except (JoseError, ValueError):
        return False


def _unsigned(message: str, reason: str) -> OidcError:
    return OidcError(message, remedy=_ASK, reason=reason)


def _unclaimed(message: str, claim: str, **measured: object) -> OidcError:
    remedy = "Compare the clocks of both machines." if claim in ("exp", "iat", "nbf") else _ASK
    return OidcError(message, remedy=f"{remedy} {_AGAIN}", reason=f"claim-{claim}", **measured)
