"""Coverage: what was looked at, when and how well; what nobody has seen, and why; what needs a look."""

from geodata.coverage.cells import CELL_M, Cells
from geodata.coverage.demands import DUE_DAYS, due_by_zone, excluded_by_zone
from geodata.coverage.kept import KeptLook, write_look
from geodata.coverage.ledger import Answer, BlindSpot, Figures, Ledger
from geodata.coverage.looks import REASONS, Look, PackedLook, frame_of, look_at
from geodata.coverage.pieces import cell_at, cell_id
from geodata.coverage.tasking import Task, tasks
from geodata.coverage.wording import WORDS, gaps, sentences

__all__ = [
    "CELL_M",
    "DUE_DAYS",
    "REASONS",
    "WORDS",
    "Answer",
    "BlindSpot",
    "Cells",
    "Figures",
    "KeptLook",
    "Ledger",
    "Look",
    "PackedLook",
    "Task",
    "cell_at",
    "cell_id",
    "due_by_zone",
    "excluded_by_zone",
    "frame_of",
    "gaps",
    "look_at",
    "sentences",
    "tasks",
    "write_look",
]
