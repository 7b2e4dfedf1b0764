"""The field type that holds money: an exact number with all digits of its currency."""

from typing import Annotated, Literal

import msgspec

from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.fields.iso4217 import MINOR_DIGITS
from fieldstone.kinds.fields.number import NumericOptions, Scale, check_number, number_type
from fieldstone.query.names import nearest

PLACES = 2
"""The digits after the point where neither the field nor its currency says."""


class CurrencyConfig(Declared, frozen=True, kw_only=True):
    """Which money an amount is; the currency itself is told by `/meta`, an amount is a plain number.

    A `fixed` currency rules the digits after the point (ISO 4217); where it is `dynamic`, another field says it, record by record.
    """

    precision: Scale | None = None
    """How many digits stand after the point; those of a fixed currency, else 2, unless said. A fixed one must have as many."""
    currency_mode: Literal["dynamic", "fixed"] = "dynamic"
    """`fixed`: every amount is in `defaultCurrency`."""
    default_currency: (
        Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="Three capital letters.")] | None
    ) = None
    """The code of a currency, such as `EUR`."""


class CurrencyOptions(NumericOptions, frozen=True, kw_only=True, tag="currency"):
    """An amount of money, shown with all digits of its scale."""

    scale: Scale | msgspec.UnsetType = msgspec.UNSET
    """How many digits stand after the point; `currencyConfig` says it in its own words, and 2 stand unless anything is said."""
    currency_config: CurrencyConfig | None = None
    """Which money it is, and with how many digits."""

    def places(self) -> int:
        """Returns how many digits stand after the point."""
        said = _said(self)
        if said is not None:
            return said
        fixed = _fixed(self)
        return PLACES if fixed is None else MINOR_DIGITS.get(fixed, PLACES)


def _said(declaration: CurrencyOptions) -> int | None:
    """Returns the digits that a declaration names, by either key."""
    config = declaration.currency_config
    if config is not None and config.precision is not None:
        return config.precision
    return None if declaration.scale is msgspec.UNSET else declaration.scale


def _fixed(declaration: CurrencyOptions) -> str | None:
    config = declaration.currency_config
    return config.default_currency if config is not None and config.currency_mode == "fixed" else None


def _check(declaration: CurrencyOptions) -> list[tuple[str, str]]:
    return [*check_number(declaration), *(("currencyConfig", message) for message in _config_faults(declaration))]


def _config_faults(declaration: CurrencyOptions) -> list[str]:
    config = declaration.currency_config
    if config is None:
        return []
    code, said = config.default_currency, _said(declaration)
    if code is not None and code not in MINOR_DIGITS:
        near = nearest(code, MINOR_DIGITS)
        return [f"there is no currency `{code}`; perhaps it is `{near}`" if near else f"there is no currency `{code}`"]
    faults = []
    if code is None and config.currency_mode == "fixed":
        faults.append("a fixed currency is named by `defaultCurrency`")
    if config.precision is not None and declaration.scale not in (msgspec.UNSET, config.precision):
        faults.append(
            f"precision ({config.precision}) and the field's scale ({declaration.scale}) mean the same, and differ"
        )
    fixed = _fixed(declaration)
    if fixed is not None and said not in (None, MINOR_DIGITS[fixed]):
        faults.append(f"{fixed} has {MINOR_DIGITS[fixed]} digits after the point, and {said} are declared")
    return faults


TYPES = (number_type(CurrencyOptions, "An amount of money, with all digits of its currency", fixed=True, check=_check),)
