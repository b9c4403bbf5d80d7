"""Coverage: what was looked at, when and how well; what nobody has seen, and why."""

from geodata.coverage.cells import CELL_M, Cells
from geodata.coverage.ledger import Answer, Figures, Ledger
from geodata.coverage.looks import REASONS, Look, look_at

__all__ = ["CELL_M", "REASONS", "Answer", "Cells", "Figures", "Ledger", "Look", "look_at"]
