"""Refusals in Chinese: what can be done about each kind of error, and the sentences that the code says in English."""
