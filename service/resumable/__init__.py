"""Resumable uploads on disk and over the wire: the protocol's words, the kept state, the streaming."""
