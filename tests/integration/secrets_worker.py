"""A worker that writes down what secrets it was given."""

from __future__ import annotations

import orjson

from service.jobs.process import read_first_line


def main() -> None:
    settings, _ = read_first_line()
    _, objects, catalogue = settings.nightly.sources
    secrets = (objects.secret_key, catalogue.token, settings.auth.oidc.client_secret)
    told = [None if secret is None else secret.get_secret_value() for secret in secrets]
    (settings.data / "secrets.json").write_bytes(orjson.dumps(told))


if __name__ == "__main__":
    main()
