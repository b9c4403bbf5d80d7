"""Learning: from labelled pairs and judged findings to a network that runs without torch.

Nothing here is needed to scan. Torch is imported by `network`, `training` and `export` alone (the extra `train`).
"""
