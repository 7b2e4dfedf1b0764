"""Steps in words: one sentence that names the object and the field, as refusals and plans tell it."""

from fieldstone.store.migration.step import Action, Lost, Step
from fieldstone.store.migration.survey import ids_told

_HELD = {
    Action.CONVERT: "a value that cannot be converted",
    Action.CLEAR: "the id of a record that is not there",
    Action.DROP_FIELD: "a value",
    Action.KEEP_FIELD: "a value",
}
_COUNTED = frozenset({Action.CONVERT, Action.SUMMARIZE})
"""What is done in so many records, whatever they hold."""


def told(step: Step) -> str:
    """Returns a step as a sentence."""
    return f"{subject(step)} {predicate(step)}."


def subject(step: Step) -> str:
    """Returns what a step is about."""
    return f"`{step.object}`" if step.field is None else f"`{step.object}.{step.field}`"


def predicate(step: Step) -> str:
    """Returns what a step does to it, in how many records, what they lose, or why it cannot be done."""
    parts = [f"{step.what} in {counted(step.records)}" if step.records and step.action in _COUNTED else step.what]
    if step.filling is not None:
        parts.append(f"{counted(step.records)} {'gets' if step.records == 1 else 'get'} {step.filling.told}")
    if step.refused is not None:
        parts.append(step.refused)
    if step.lost is not None:
        parts.append(lost_told(step, step.lost))
    return ": ".join(part for part in parts if part)


def lost_told(step: Step, lost: Lost) -> str:
    """Returns how many records lose something by a step, and which."""
    one = lost.records == 1
    held = (
        f"{'holds' if one else 'hold'} {_HELD[step.action]}"
        if step.action in _HELD
        else "is there"
        if one
        else "are there"
    )
    which = f"{lost.records:,} of them" if step.action in _COUNTED else counted(lost.records)
    return f"{which} {held} ({ids_told(lost)})"


def counted(number: int | None) -> str:
    """Returns a number of records."""
    return "no record" if not number else "1 record" if number == 1 else f"{number:,} records"
