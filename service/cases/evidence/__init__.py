"""Evidence: photographs that come from outside and what speaks against them; the sealed package of a case.

`photos.read_photo` reads a photograph apart, `judging.judge_photo` weighs it, `package.write_package` seals a case into
one file, `verifying.verify` checks such a file with nothing else at hand.
"""
