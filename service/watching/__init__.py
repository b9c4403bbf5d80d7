"""How the service watches itself: conditions, drift of the detector, metrics, logs, traces. No HTTP, no SQL."""
