"""Currencies are ISO 4217 codes with the number of digits of their minor unit.

The table is data (ISO 4217, active codes). Payment providers round some
currencies differently; that is the business of a provider's adapter, not of this table.
"""

from types import MappingProxyType

_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_TWO = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR
MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK
SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD
XCG YER ZAR ZMW ZWG
"""

_BY_EXPONENT = ((0, _ZERO), (2, _TWO), (3, _THREE), (4, _FOUR))

EXPONENTS: MappingProxyType[str, int] = MappingProxyType(
    {code: digits for digits, codes in _BY_EXPONENT for code in codes.split()}
)
"""ISO 4217 code -> digits of the minor unit (0, 2, 3 or 4)."""


class UnknownCurrency(ValueError):
    """A code is not an active ISO 4217 currency."""


def exponent(code: str) -> int:
    """Return the number of minor-unit digits of `code`; raise UnknownCurrency when ISO 4217 has no such code."""
    try:
        return EXPONENTS[code]
    except (KeyError, TypeError):
        message = f"unknown currency {code!r}: expected an active ISO 4217 code of three capitals, e.g. 'USD'"
        raise UnknownCurrency(message) from None


def quantum_count(code: str) -> int:
    """Return how many minor units make one major unit of `code` (JPY 1, USD 100, KWD 1000)."""
    return int(10 ** exponent(code))
