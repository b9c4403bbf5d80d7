"""The enforcement side, framework-free: from the lead to the closed case, in tables and pure functions.

What happened is a list of events that only grows (`events`); everything else is derived from it: the state of a case
and what may follow (`workflow`), its terms (`clocks`), what its documents say (`documents`).
"""
