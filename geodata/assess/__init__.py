"""Assessment: structures against parcels, permits, plan zones and known buildings, by a rulebook, as of a day."""

from geodata.assess.assessment import ADDED, Assessment, assess, explain
from geodata.assess.books import Book, flat_text, parse_book, shipped_book, shipped_names, shipped_text
from geodata.assess.facts import watched_areas

__all__ = [
    "ADDED",
    "Assessment",
    "Book",
    "assess",
    "explain",
    "flat_text",
    "parse_book",
    "shipped_book",
    "shipped_names",
    "shipped_text",
    "watched_areas",
]
