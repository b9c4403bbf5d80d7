"""Durable runs: stored before they are answered, run in processes of their own, recovered after a kill."""
