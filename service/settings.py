"""The settings: small groups, read from the environment in one place.

Every field has a variable: `KANCHA_DATA`, `KANCHA_HOST`, and for the groups `KANCHA_LIMITS__MAX_UPLOAD_BYTES`
and so on. Nothing is read at import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    Field,
    IPvAnyNetwork,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.arrivals.settings import Arrival
from service.auth.passwords import Cost
from service.auth.roles import Role
from service.case_settings import Cases
from service.secret import Secret

_CLUSTER = re.compile(r"dasks?://(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")


class Limits(BaseModel):
    """What one request may ask for."""

    max_upload_bytes: int = Field(default=32 * 1024**3, ge=1024, description="Largest body of an upload, bytes.")
    max_json_bytes: int = Field(default=16 * 1024**2, ge=1024, description="Largest JSON or form text, bytes.")
    max_scene_px: int = Field(
        default=40_000_000_000, ge=1, description="Most pixels a scene may have (width x height)."
    )
    max_cog_px: int = Field(
        default=4_000_000_000, ge=0, description="Most pixels of a scene that is copied into blocks with overviews."
    )
    page_size: int = Field(default=100, ge=1, description="Items of a page where the client names no limit.")
    max_page_size: int = Field(default=10_000, ge=1, description="Items of a page at most; more is cut to it.")
    max_preview_px: int = Field(default=4096, ge=16, description="Longer side of a preview at most, px.")
    max_reader_memory_bytes: int = Field(
        default=8 * 1024**3, ge=0, description="Memory for reading one vector file, bytes; 0: no limit."
    )
    max_reader_s: float = Field(default=900.0, gt=0, description="Time for reading one vector file, s.")
    min_free_bytes: int = Field(
        default=1024**3, ge=0, description="Below this free disk space the service is not ready."
    )


class Jobs(BaseModel):
    """How pixel work runs."""

    workers: int = Field(default=1, ge=1, le=64, description="Scans that run at once, each in its own process.")
    threads_per_scan: int = Field(default=1, ge=1, le=256, description="Threads, or processes, within one scan.")
    max_attempts: int = Field(
        default=3, ge=1, description="Starts of a job without a step done before it is set aside as failed."
    )
    retry_s: float = Field(
        default=2.0, ge=0, description="Pause after a start that ended badly, s; four times as long after each further."
    )
    per_area: int = Field(default=0, ge=0, description="Jobs of one administrative area that run at once; 0: no limit.")
    patience_s: float = Field(
        default=6 * 3600.0, gt=0, description="A job that has waited for so long goes before the urgent, s."
    )
    lease_s: float = Field(
        default=60.0, gt=0, description="A runner on another machine that is silent for so long counts as dead, s."
    )
    timeout_s: float = Field(default=6 * 3600.0, gt=0, description="Wall time of one start of a job, s.")
    max_memory_bytes: int = Field(
        default=16 * 1024**3, ge=0, description="Memory of a scan's process, bytes; 0: no limit."
    )
    recovery_interval_s: float = Field(
        default=15.0, gt=0, description="How often jobs of dead runners are looked for, s."
    )


class Nightly(BaseModel):
    """The night: what arrived is taken in and compared."""

    sources: tuple[Arrival, ...] = Field(default=(), description="Where imagery arrives, as JSON.")

    schedule: str = Field(
        default="",
        description="When the service begins a night, cron syntax, Beijing time; empty: never.",
    )
    stable_s: float = Field(default=60.0, ge=0, description="A file is taken once it has not changed for so long, s.")
    min_overlap_share: float = Field(
        default=0.05, gt=0, le=1, description="Share of the smaller scene that two scenes of one place share."
    )
    min_days: int = Field(default=1, ge=0, description="Days that lie at least between two scenes that are compared.")
    max_scans: int = Field(default=0, ge=0, description="Scans that one night orders at most; 0: no limit.")
    at_once: bool = Field(default=False, description="Compare an uploaded scene at once; the night reports it.")
    detector: str = Field(default="current", description="What judges: training-free, a model's name, or current.")

    @field_validator("schedule")
    @classmethod
    def _cron(cls, value: str) -> str:
        from cronsim import CronSim, CronSimError

        try:
            if value and next(CronSim(value, datetime(2025, 1, 1)), None) is None:
                raise ValueError(f"{value!r} names no day that there is")
        except CronSimError as error:
            raise ValueError(f"{value!r} is no cron expression of five fields: {error}") from error
        return value


class Uploads(BaseModel):
    """Resumable uploads."""

    max_bytes: int = Field(default=50 * 1024**3, ge=1, description="Largest file of a resumable upload, bytes.")
    quota_bytes: int = Field(
        default=200 * 1024**3, ge=1, description="Bytes of all unfinished uploads of one sender together."
    )
    max_open: int = Field(default=1000, ge=1, description="Unfinished uploads that one sender may have.")
    expire_s: float = Field(
        default=7 * 24 * 3600.0, gt=0, description="How long an upload is kept after its last byte or its end, s."
    )
    idle_s: float = Field(default=30.0, gt=0, description="A request over which nothing comes for so long is ended, s.")
    sweep_interval_s: float = Field(default=600.0, gt=0, description="How often expired uploads are looked for, s.")
    decode_memory_bytes: int = Field(
        default=4 * 1024**3, ge=256 * 1024**2, description="Memory for decoding a raster for the first time, bytes."
    )
    decode_s: float = Field(default=3 * 3600.0, gt=0, description="Time for decoding a raster for the first time, s.")


class Alarms(BaseModel):
    """What is told to whom: rounds, tries, where messages may go."""

    interval_s: float = Field(default=5.0, gt=0, description="How often findings and messages are looked for, s.")
    base_url: str = Field(
        default="", description="Address of this service in messages, https://kancha.example; empty: its own."
    )
    networks: tuple[IPvAnyNetwork, ...] = Field(
        default=(), description="Networks inside the bureau that messages may go to, as JSON; others are refused."
    )
    schemas: tuple[str, ...] = Field(
        default=("wecombot", "dingtalk", "feishu", "mailto", "mailtos", "json", "jsons", "form", "forms"),
        description="Kinds of Apprise addresses that may be used, as JSON.",
    )
    secrecy: str = Field(
        default="internal", description="Highest grade told outside; of what is above, only that there is something."
    )
    timeout_s: float = Field(default=10.0, gt=0, le=60, description="Time for one try to send, s.")
    lease_s: float = Field(default=90.0, gt=0, description="A try of which nothing was heard for so long is over, s.")
    senders: int = Field(default=4, ge=1, le=32, description="Messages that are sent at once.")
    retry_s: float = Field(default=30.0, gt=0, description="Wait after the first failed try, s; then twice as long.")
    max_retry_s: float = Field(default=3600.0, gt=0, description="Longest wait between two tries, s.")
    max_attempts: int = Field(default=30, ge=1, description="Tries of a message before it is given up.")
    give_up_h: float = Field(default=48.0, gt=0, description="Age at which a message that failed is given up, h.")
    apart: int = Field(default=3, ge=0, description="At-once alarms of one round that go out each by itself.")
    per_hour: int = Field(default=12, ge=1, description="At-once messages of a channel in an hour; then together.")

    @model_validator(mode="after")
    def _longer(self) -> Self:
        if self.lease_s < 2 * self.timeout_s:
            raise ValueError("lease_s is shorter than two times timeout_s")
        if self.secrecy not in ("public", "internal", "secret"):
            raise ValueError("secrecy is public, internal or secret")
        return self


class Coverage(BaseModel):
    """The ledger of what was seen."""

    cell_m: float = Field(default=50.0, ge=5, le=1000, description="Side of a cell, m.")
    due_days: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict,
        description="Days that a look may be old, by kind of zone or `elsewhere`; as JSON. Others keep their own.",
    )


class Oidc(BaseModel):
    """Sign-in by the bureau's own provider (OpenID Connect)."""

    issuer: str = Field(default="", description="Address of the provider, exactly as it names itself; empty: off.")
    client_id: str = Field(default="", description="What Kancha is called at the provider.")
    client_secret: Secret | None = Field(default=None, description="What Kancha shows the provider.")
    scopes: tuple[str, ...] = Field(default=("openid", "profile"), description="What is asked for; as JSON.")
    name: str = Field(default="OpenID Connect", min_length=1, description="Text of the button.")
    roles_claim: str = Field(
        default="", description="Claim that decides the roles at every sign-in, dots lead inwards; empty: Kancha does."
    )
    roles: Mapping[str, Role] = Field(default_factory=dict, description="Role of each value of that claim; as JSON.")
    areas_claim: str = Field(
        default="", description="Claim with ids of areas, `*` for everywhere; empty: Kancha decides."
    )
    create: bool = Field(default=False, description="Add unknown people with the roles of the claim.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.issuer:
            return self
        if not self.client_id or self.client_secret is None or not self.client_secret.get_secret_value():
            raise ValueError("with an issuer, client_id and client_secret are needed")
        if "openid" not in self.scopes:
            raise ValueError("scopes lack openid")
        if bool(self.roles_claim) != bool(self.roles):
            raise ValueError("roles_claim and roles are needed together")
        if (self.areas_claim or self.create) and not self.roles_claim:
            raise ValueError("areas_claim and create need roles_claim")
        return self


class Auth(BaseModel):
    """Who may come in, and for how long."""

    session_idle_s: float = Field(default=2 * 3600.0, gt=0, description="A session unused for so long ends, s.")
    session_max_s: float = Field(default=12 * 3600.0, gt=0, description="A session ends after so long, s.")
    link_s: float = Field(default=24 * 3600.0, gt=0, description="A link that works once runs out after so long, s.")
    password_memory_kib: int = Field(default=65_536, ge=64, description="Memory for hashing a password, KiB.")
    password_passes: int = Field(default=3, ge=1, description="Passes of hashing a password.")
    rate_per_s: float = Field(default=100.0, ge=0, description="Requests of one caller, lasting, 1/s; 0: no limit.")
    rate_burst: int = Field(default=1000, ge=1, description="Requests of one caller at once.")
    open_rate_per_s: float = Field(
        default=20.0, ge=0, description="Requests of one address that has not signed in, lasting, 1/s; 0: no limit."
    )
    open_rate_burst: int = Field(default=200, ge=1, description="Requests of such an address at once.")
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="Addresses or networks of proxies whose X-Forwarded headers are believed; as JSON."
    )
    tls_certfile: Path | None = Field(default=None, description="Certificate chain, PEM; with it HTTPS is served.")
    tls_keyfile: Path | None = Field(default=None, description="Its private key, PEM.")
    hsts_s: int = Field(default=31_536_000, ge=0, description="Over HTTPS browsers remember so long to use it, s.")

    oidc: Oidc = Field(default_factory=Oidc, description="Sign-in by the bureau's own provider.")

    @property
    def cost(self) -> Cost:
        """What hashing a password costs."""
        return Cost(self.password_passes, self.password_memory_kib)


class Privacy(BaseModel):
    """Personal data of layers."""

    key_file: Path | None = Field(
        default=None, description="File of the keys that seal them; else personal-keys.json in the data folder."
    )
    keep_days: float = Field(
        default=0.0,
        ge=0,
        description="Personal data are erased so many days after a newer version of their layer came; 0: never.",
    )
    keep_sessions_days: float = Field(
        default=90.0, ge=1, description="Addresses and browsers of ended sessions are erased after so many days."
    )


class Log(BaseModel):
    """What the service says of its work."""

    format: Literal["text", "json"] = Field(default="text", description="Lines for people, or a JSON object a line.")
    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="The least that is told.")


class Watching(BaseModel):
    """How the service watches itself."""

    every_s: float = Field(default=15.0, gt=0, description="How often it looks at itself, s.")
    answer_s: float = Field(default=3.0, gt=0, description="A database that takes longer does not answer, s.")
    waiting_s: float = Field(default=6 * 3600.0, gt=0, description="A job that waits longer is told of, s.")
    night_hours: float = Field(default=26.0, gt=0, description="A night is due so long after the last one's end, h.")
    drift_every_s: float = Field(default=3600.0, gt=0, description="How often the detector is looked at, s.")
    drift_psi: float = Field(default=0.25, gt=0, description="Scores have moved from this stability index on.")
    metrics_open: bool = Field(default=False, description="Tell the metrics to whoever reaches the port.")
    otlp_endpoint: str = Field(
        default="", description="Where traces go, http://collector:4318 (OTLP over HTTP); empty: nowhere."
    )


class ObjectStorage(BaseModel):
    """S3-compatible object storage for imagery and other files."""

    url: str = Field(default="", description="The bucket, s3://bucket/prefix; empty: files lie in the data folder.")
    endpoint: str = Field(default="", description="Address of the storage, http://host:9000; empty: of the region.")
    region: str = Field(default="us-east-1", description="Region of the bucket.")
    access_key: str = Field(default="", repr=False, description="Access key; empty: from the machine.")
    secret_key: str = Field(default="", repr=False, description="Secret key.")
    cache_bytes: int = Field(default=100 * 1024**3, ge=0, description="Files kept on the local disk, bytes.")


class Settings(BaseSettings):
    """All settings of one service."""

    model_config = SettingsConfigDict(
        env_prefix="KANCHA_", env_nested_delimiter="__", frozen=True, hide_input_in_errors=True
    )

    data: Path = Field(default=Path("kancha-data"), description="The data folder: database, files, reports.")
    store: str = Field(
        default="",
        repr=False,
        description="The database, postgresql://user:password@host/name; empty: a SQLite file in the data folder.",
    )
    storage: ObjectStorage = Field(default_factory=ObjectStorage, description="Object storage for files.")
    executor: str = Field(
        default="threads",
        description="Who works on the windows of a scan: threads, processes, or a cluster, dask://scheduler:8786.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    tile_threads: int = Field(default=2, ge=1, le=64, description="Threads that draw tiles, each with open files.")
    cors_origins: tuple[str, ...] = Field(
        default=("*",), description="Origins whose pages may read answers, without cookies; as JSON. `*`: all."
    )
    tianditu_key: str = Field(
        default="",
        description="Key of Tianditu for base maps on the map page, which then asks tianditu.gov.cn; empty: none.",
    )
    access_log: bool = Field(default=True, description="Write a line for every request.")
    debug: bool = Field(default=False, description="Show where an unforeseen error happened.")
    limits: Limits = Field(default_factory=Limits, description="What one request may ask for.")
    jobs: Jobs = Field(default_factory=Jobs, description="How pixel work runs.")
    privacy: Privacy = Field(default_factory=Privacy, description="Personal data of layers.")
    auth: Auth = Field(default_factory=Auth, description="Who may come in.")
    coverage: Coverage = Field(default_factory=Coverage, description="The ledger of what was seen.")
    alarms: Alarms = Field(default_factory=Alarms, description="What is told to whom.")
    uploads: Uploads = Field(default_factory=Uploads, description="Resumable uploads.")
    nightly: Nightly = Field(default_factory=Nightly, description="The batch over what arrives.")
    cases: Cases = Field(default_factory=Cases, description="Cases, their terms and documents.")
    log: Log = Field(default_factory=Log, description="What the service says of its work.")
    watching: Watching = Field(default_factory=Watching, description="How the service watches itself.")

    @field_validator("executor")
    @classmethod
    def _known(cls, told: str) -> str:
        if told in ("threads", "processes") or _CLUSTER.fullmatch(told):
            return told
        raise ValueError("it is none of threads, processes, dask://host:port and dasks://host:port")


def settings_for_worker(settings: Settings) -> dict[str, Any]:
    """The settings as JSON takes them, secrets and all: for the pipe to a worker of this service, for nothing else."""
    return settings.model_dump(mode="json", context={"secrets": True})


def own_address(settings: Settings) -> str:
    """Where the service answers, as far as its own settings tell; behind a proxy another address leads to it."""
    scheme = "http" if settings.auth.tls_certfile is None else "https"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    return f"{scheme}://{host}:{settings.port}"


def read_settings(*, data: Path | None = None, host: str | None = None, port: int | None = None) -> Settings:
    """The settings from the environment, with what the command line says above it.

    Args:
        data: Data folder, None: from the environment, else `./kancha-data`.
        host: Address, None: from the environment.
        port: Port, None: from the environment.

    Returns:
        The settings; the data folder is absolute.

    Raises:
        OptionError: If a value is unusable.
    """
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from geodata.errors import OptionError

    given = {k: v for k, v in {"data": data, "host": host, "port": port}.items() if v is not None}
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "KANCHA_" + "__".join(str(part).upper() for part in first["loc"])
        raise OptionError(
            f"The setting {name} cannot be used: {first['msg']}.", remedy="Correct or unset it."
        ) from error
    except SettingsError as error:
        group = re.search(r'field "(\w+)"', str(error))
        # its cause holds the text itself, and that maybe a secret
        raise OptionError(
            f"A setting KANCHA_{group[1].upper() if group else ''}… is no JSON.", remedy="Correct or unset it."
        ) from None
    return settings.model_copy(update={"data": settings.data.expanduser().absolute()})
