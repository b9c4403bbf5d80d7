"""Who may do what: roles, callers, passwords, tokens, sessions. Pure: no HTTP, no SQL, no settings, no clock.

Only `oidc` and `wire` speak with somebody: the bureau's own sign-in.
"""
