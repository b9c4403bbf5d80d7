"""Detection: evidence, score, objects, outlines and candidates."""
