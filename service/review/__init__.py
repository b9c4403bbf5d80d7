"""The review of findings, in pure functions: what repeats a dismissal, what the queue holds, how right they are."""
