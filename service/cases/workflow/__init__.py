"""The state machine of a case: `table` says what may follow, `guards` what must be so, `machine` applies both."""
