"""The rulebook: what may speak against a structure, as data that a jurist can read and a bureau can extend.

A rulebook is a YAML file (`rulebooks/`): articles, who is competent, tolerances, limits and rules, each with the days
between which it holds. A local one names the national one in `extends` and adds rules, replaces them by their name, or
switches them off. Nothing in it computes: rules compare facts of the vocabulary (`vocabulary.FACTS`) with limits.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from geodata.assess.grades import Certainty
from geodata.assess.vocabulary import FACTS, SUBJECTS, Subject, subject_of

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
Paper = Literal["permit", "building"]
Category = Literal[
    "no_permit",
    "deviates_from_permit",
    "temporary",
    "occupied_land",
    "farmland",
    "temporary_land",
    "against_plan",
    "added_to_building",
    "public_ground",
    "protected_area",
    "spacing_or_setback",
    "none",
]
"""Categories of violations (domain reference 7); `none`: nothing is alleged."""

EXCESS = "excess"
"""The ground concerned of a rule: what lies above the limit that it compares with."""

_OPERATORS = (
    "is",
    "one_of",
    "begins_with",
    "differs_from",
    "more_than",
    "less_than",
    "at_least",
    "at_most",
    "later_than",
    "known",
)


class _Part(BaseModel):
    """What every part of a rulebook keeps: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, populate_by_name=True)


class Words(_Part):
    """A sentence in both languages; `{fact}` is replaced by the fact."""

    en: str
    zh: str


class Condition(_Part):
    """One condition: a fact and one operator, or several conditions of which all or any must hold."""

    fact: str | None = None
    is_: bool | str | None = Field(default=None, alias="is")
    one_of: tuple[str, ...] | None = None
    begins_with: tuple[str, ...] | None = None
    differs_from: str | None = None
    more_than: float | str | None = None
    less_than: float | str | None = None
    at_least: float | str | None = None
    at_most: float | str | None = None
    later_than: date | str | None = None
    known: bool | None = None
    surely: bool = False
    tolerance: str | None = None
    all_of: tuple[Condition, ...] | None = None
    any_of: tuple[Condition, ...] | None = None

    @property
    def operator(self) -> str:
        """The name of its operator."""
        return next(name for name in _OPERATORS if self._given(name) is not None)

    @property
    def operand(self) -> Any:
        """What the fact is compared with: a value or the name of a fact."""
        return self._given(self.operator)

    def _given(self, name: str) -> Any:
        return getattr(self, "is_" if name == "is" else name)

    def facts(self) -> set[str]:
        """All facts that it asks for."""
        parts = self.all_of or self.any_of
        if parts is not None:
            return set().union(*(part.facts() for part in parts))
        asked = {str(self.fact)}
        return asked | ({self.operand} if isinstance(self.operand, str) and self.operand in FACTS else set())

    @model_validator(mode="after")
    def _sound(self) -> Self:
        groups = [g for g in (self.all_of, self.any_of) if g is not None]
        if groups:
            if len(groups) > 1 or self.fact is not None or not groups[0]:
                raise ValueError("all_of or any_of stands alone and holds at least one condition")
            return self
        if self.fact not in FACTS:
            raise ValueError(f"there is no fact {self.fact!r}; see `kancha rules facts`")
        given = [name for name in _OPERATORS if self._given(name) is not None]
        if len(given) != 1:
            raise ValueError(f"a condition has one operator of {', '.join(_OPERATORS)}; this one has {given or 'none'}")
        self._fits(given[0])
        return self

    def _fits(self, operator: str) -> None:
        holds = FACTS[str(self.fact)].holds
        wanted = {
            "measure": ("more_than", "less_than", "at_least", "at_most", "known"),
            "day": ("later_than", "known"),
            "word": ("is", "one_of", "begins_with", "differs_from", "known"),
            "yes": ("is", "known"),
        }[holds]
        if operator not in wanted:
            raise ValueError(f"{self.fact} is a {holds}; it can be asked for {', '.join(wanted)}, not {operator}")
        if holds == "yes" and operator == "is" and not isinstance(self.operand, bool):
            raise ValueError(f"{self.fact} is a yes or no: write true or false")
        if (holds in ("measure", "day") or operator == "differs_from") and isinstance(self.operand, str):
            other = FACTS.get(self.operand)
            if other is None or other.holds != holds:
                raise ValueError(f"{self.operand!r} is neither a value nor a {holds} of the vocabulary")
        if self.tolerance is not None and operator != "more_than":
            raise ValueError("a tolerance belongs to more_than")


class Article(_Part):
    """An article of law.

    Args:
        text: How it is cited, in Chinese.
        en: The same in English.
        since: First day on which this wording holds, None: not told.
        until: Last day.
    """

    text: str
    en: str
    since: date | None = None
    until: date | None = None


class Choice(_Part):
    """One of several things, taken if its conditions hold."""

    when: tuple[Condition, ...] = ()
    take: str


class Note(_Part):
    """A sentence that is added to a message under conditions."""

    when: tuple[Condition, ...]
    message: Words


class Tolerance(_Part):
    """A lawful tolerance (合理误差): so much above what is permitted is no deviation.

    Args:
        measure: Name by which conditions ask for it, for example `area` or `height`.
        permit_kind: Kind of permit it holds for, None: every kind.
        up_to: It holds where the permitted value is at most this, None: always.
        share: Share of the permitted value that is tolerated.
        plus: Fixed amount that is tolerated, in the unit of the value.
        at_most: The most that is tolerated, None: no cap.
        basis: The article that grants it.
        fictitious: Whether the figures are made up, for a test; such a row is refused outside tests.
    """

    measure: str
    permit_kind: str | None = None
    up_to: float | None = None
    share: float = Field(default=0.0, ge=0, le=1)
    plus: float = Field(default=0.0, ge=0)
    at_most: float | None = Field(default=None, ge=0)
    basis: str
    fictitious: bool = False

    def allowed(self, permitted: float) -> float:
        """How much above a permitted value is tolerated."""
        most = self.share * permitted + self.plus
        return most if self.at_most is None else min(most, self.at_most)


class Rule(_Part):
    """One rule: when its conditions hold, its reason is given.

    Args:
        code: Code of the reason; several rules may give one.
        id: Name of the rule, unique; None: its code.
        about: Its subject.
        category: Category of violation.
        when: Conditions that must all hold; the weakest decides how sure the reason is.
        unless_told: Codes of rules before it that must not have given a reason.
        each: Whether every subject may give the reason, not the first alone.
        message: What is suspected.
        notes: Sentences added under conditions.
        basis: Article or choice of articles, empty where nothing is alleged.
        area: Fact that is the ground concerned, `excess` for what lies above the limit, None: none.
        severity: How grave it is.
        consequence: Which consequence follows, by name; None: none.
        excused_by: Papers that keep it from making a structure suspected: a permit in force, a registered building.
        alleges: Whether it alleges anything; if not it never changes the status.
        at_most: The most that is said of its certainty.
        flag: Flag that the finding gets.
        since: First day on which it holds.
        until: Last day.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    id: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")
    about: Subject
    category: Category
    when: tuple[Condition, ...]
    unless_told: tuple[str, ...] = ()
    each: bool = False
    message: Words
    notes: tuple[Note, ...] = ()
    basis: str = ""
    area: str | None = "structure.area_m2"
    severity: Severity = "medium"
    consequence: str | None = None
    excused_by: tuple[Paper, ...] = ("permit", "building")
    alleges: bool = True
    at_most: Certainty = "certain"
    flag: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.id or self.code

    def holds_on(self, day: date) -> bool:
        """Whether the rule is in effect on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    @model_validator(mode="after")
    def _of_its_subject(self) -> Self:
        asked = set().union(*(c.facts() for c in (*self.when, *(c for n in self.notes for c in n.when))))
        asked |= {self.area} if self.area and self.area != EXCESS else set()
        asked |= placeholders(self.message) | set().union(*(placeholders(note.message) for note in self.notes))
        for fact in sorted(asked):
            if fact not in FACTS:
                raise ValueError(f"rule {self.name}: there is no fact {fact!r}; see `kancha rules facts`")
            if subject_of(fact) not in (self.about, "structure", "limit"):
                raise ValueError(f"rule {self.name} is about a {self.about} and cannot ask for {fact}")
        if self.alleges and not self.basis:
            raise ValueError(f"rule {self.name} alleges something and names no article")
        return self


def _as_text(value: object) -> object:
    return value if value is None else str(value)


class Rulebook(_Part):
    """A whole rulebook; see the module.

    Args:
        id: Its name.
        version: Its version, as the bureau counts.
        jurisdiction: Division code or CN.
        title: Its title.
        extends: Name of the rulebook that it adds to.
        since: First day on which it holds.
        until: Last day.
        articles: Articles by key.
        choices: Named choices of articles, first that holds.
        authorities: Who is competent, first that holds.
        words: Names of codes that stand in facts (zone kinds and so on).
        tolerances: Lawful tolerances, first that holds.
        limits: Limits by name.
        minimum_area_m2: Least area that is reported, by kind of zone.
        consequences: Named choices of what follows: what is being built can be stopped at once.
        rules: The rules, in the order in which they are tried.
        without: Names of rules of the extended rulebook that do not hold here.
        rests_on: Another basis for rules of the extended rulebook, by their name.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: Annotated[str, BeforeValidator(_as_text)]
    jurisdiction: Annotated[str, BeforeValidator(_as_text)]
    title: Words
    extends: str | None = None
    since: date | None = None
    until: date | None = None
    articles: dict[str, Article] = {}
    choices: dict[str, tuple[Choice, ...]] = {}
    authorities: tuple[Choice, ...] = ()
    words: dict[str, Words] = {}
    tolerances: tuple[Tolerance, ...] = ()
    limits: dict[str, float | None] = {}
    minimum_area_m2: dict[str, float] = {}
    consequences: dict[str, tuple[Choice, ...]] = {}
    rules: tuple[Rule, ...] = ()
    without: tuple[str, ...] = ()
    rests_on: dict[str, str] = {}

    def holds_on(self, day: date) -> bool:
        """Whether the rulebook is in effect on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def flat(self) -> Rulebook:
        """The rulebook without the traces of what it extends, which it holds already."""
        return self.model_copy(update={"extends": None, "without": (), "rests_on": {}})

    def rules_on(self, day: date) -> tuple[Rule, ...]:
        """The rules in effect on a day."""
        return tuple(rule for rule in self.rules if rule.holds_on(day))

    def over(self, base: Rulebook) -> Rulebook:
        """This rulebook with everything of another that it does not say otherwise.

        Raises:
            ValueError: If it switches off a rule that the other does not have.
        """
        names = {rule.name for rule in base.rules}
        unknown = sorted({*self.without, *self.rests_on} - names)
        if unknown:
            raise ValueError(f"without or rests_on name {', '.join(unknown)}, which {base.id} does not have")
        own = {rule.name: rule for rule in self.rules}
        kept = [own.get(rule.name, rule) for rule in base.rules if rule.name not in self.without]
        kept = [
            rule.model_copy(update={"basis": self.rests_on[rule.name]}) if rule.name in self.rests_on else rule
            for rule in kept
        ]
        added = [rule for rule in self.rules if rule.name not in names]
        return self.model_copy(
            update={
                "articles": {**base.articles, **self.articles},
                "choices": {**base.choices, **self.choices},
                "authorities": self.authorities or base.authorities,
                "words": {**base.words, **self.words},
                "tolerances": (*self.tolerances, *base.tolerances),
                "limits": {**base.limits, **self.limits},
                "minimum_area_m2": {**base.minimum_area_m2, **self.minimum_area_m2},
                "consequences": {**base.consequences, **self.consequences},
                "rules": (*kept, *added),
            }
        )

    def check(self) -> None:
        """See that everything that is named is there.

        Raises:
            ValueError: With all that is not.
        """
        wrong: list[str] = []
        bases = {*self.articles, *self.choices, ""}
        seen: set[str] = set()
        names = [rule.name for rule in self.rules]
        wrong += [f"two rules are called {name}" for name in sorted({n for n in names if names.count(n) > 1})]
        for rule in self.rules:
            if rule.basis not in bases:
                wrong.append(f"rule {rule.name} rests on {rule.basis!r}, which is neither an article nor a choice")
            if rule.consequence is not None and rule.consequence not in self.consequences:
                wrong.append(f"rule {rule.name} names no known consequence: {rule.consequence!r}")
            late = [code for code in rule.unless_told if code not in seen]
            wrong += [f"rule {rule.name} names {code!r} in unless_told, which is not before it" for code in late]
            seen.add(rule.code)
        for name, choice in self.choices.items():
            wrong += [f"choice {name} takes {c.take!r}, no article" for c in choice if c.take not in self.articles]
        loose = [t for t in self.tolerances if t.basis not in self.articles]
        wrong += [f"a tolerance of {t.measure} rests on {t.basis!r}, which is no article" for t in loose]
        if not self.authorities or self.authorities[-1].when:
            wrong.append("the last of the authorities must be without conditions: somebody is always competent")
        if wrong:
            raise ValueError("; ".join(wrong))


def placeholders(words: Words) -> set[str]:
    """The facts that a sentence in either language shows."""
    return {name.partition(":")[0] for text in (words.en, words.zh) for name in re.findall(r"\{([^{}]+)\}", text)}


__all__ = ["SEVERITIES", "SUBJECTS", "Article", "Choice", "Condition", "Rule", "Rulebook", "Tolerance", "Words"]
