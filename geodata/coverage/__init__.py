"""Coverage: what was looked at, when and how well; what nobody has seen, and why; what needs a look."""

from geodata.coverage.cells import CELL_M, Cells
from geodata.coverage.demands import DUE_DAYS, due_days, excluded_share
from geodata.coverage.kept import read_look, write_look
from geodata.coverage.ledger import Answer, BlindSpot, Figures, Ledger
from geodata.coverage.looks import REASONS, Look, look_at
from geodata.coverage.tasks import Task, tasks

__all__ = [
    "CELL_M",
    "DUE_DAYS",
    "REASONS",
    "Answer",
    "BlindSpot",
    "Cells",
    "Figures",
    "Ledger",
    "Look",
    "Task",
    "due_days",
    "excluded_share",
    "look_at",
    "read_look",
    "tasks",
    "write_look",
]
