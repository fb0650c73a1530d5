"""The rate table this engine starts with: invented rates and invented taxability, plausible in shape only.

No row is the tax law of any place. State rows: region, percent, first digits of its postal codes. Local rows: region,
postal prefix (`*` = the rest of the state), percent of county, city and special district. Country rows: country,
percent, name of the tax.
"""

STATES = """
AL 4.20 3   AK 0    9   AZ 5.45 8   AR 6.35 7   CA 6.15 9   CO 3.05 8   CT 6.20 0   DC 5.85 2   DE 0    1   FL 6.10 3
GA 4.15 3   HI 3.90 9   ID 6.05 8   IL 6.40 6   IN 6.95 4   IA 5.90 5   KS 6.55 6   KY 5.95 4   LA 4.40 7   ME 5.55 0
MD 6.05 2   MA 6.20 0   MI 5.90 4   MN 6.80 5   MS 7.10 3   MO 4.30 6   MT 0    5   NE 5.45 6   NV 6.75 8   NH 0    0
NJ 6.55 0   NM 4.95 8   NY 4.10 01  NC 4.65 2   ND 5.10 5   OH 5.65 4   OK 4.55 7   OR 0    9   PA 5.90 1   RI 7.05 0
SC 5.95 2   SD 4.15 5   TN 7.05 3   TX 6.20 78  UT 4.80 8   VT 5.95 0   VA 4.35 2   WA 6.45 9   WV 6.10 2   WI 4.95 5
WY 4.05 8
"""

LOCALS = """
CA * 0.95 - -      CA 900 0.35 1.15 0.60   CA 941 0.30 1.05 1.20   CA 940 0.30 0.45 1.15  CA 921 0.30 0.55 0.45
NY * 3.95 - -      NY 100 - 4.45 0.40      NY 112 - 4.45 0.40      NY 142 4.70 - -
TX * - 1.95 -      TX 787 - 1.05 0.95      TX 770 - 1.05 0.90      TX 752 - 1.00 1.05
WA * 1.10 1.25 -   WA 981 0.60 2.30 1.05   WA 980 0.60 2.15 1.00
IL * 1.20 - -      IL 606 1.70 1.30 1.05   FL * 0.95 - -           FL 331 1.05 - -
GA * 2.95 - -      GA 303 3.05 1.45 0.40   CO * 1.15 1.10 -        CO 802 - 4.70 1.15
OH * 1.40 - -      PA 191 - 2.05 -         PA 152 0.95 - -         MA 021 - - -
NC * 2.20 - -      NC 282 2.05 - 0.55      AZ * 0.75 1.40 -        AZ 850 0.65 2.35 -
MN * 0.20 - -      MN 554 0.20 0.45 0.55   MO * 1.95 1.10 -        MO 631 2.30 2.55 0.90
TN * 2.35 - -      VA * 0.95 - -           VA 220 0.95 - 0.75      WI * 0.45 - -
AL * 2.05 2.45 -   LA * 4.65 - -           OK * 0.95 3.40 -        KS * 1.15 0.95 -
NV * 0.80 - -      UT * 1.20 1.05 0.30     SC * 1.05 - -           NM * 0.90 2.05 -
"""

COUNTRIES = """
GB 17.5 VAT   DE 18.0 VAT   FR 20.5 VAT   NL 20.0 VAT   IE 22.0 VAT   ES 19.5 VAT   IT 21.0 VAT   SE 24.0 VAT
JP 9.0 CONSUMPTION   AU 9.5 GST   SG 8.5 GST   CA 5.5 GST   CH 7.5 VAT
"""

PROVINCES = """
CA ON 7.5   CA QC 9.5   CA BC 6.5   CA SK 5.5   CA MB 6.5
"""

TAXABILITY = """
SAAS    US-CO 0   US-FL 0   US-MO 0   US-NV 0   US-TX 80
SERVICE US 0      US-HI 100 US-NM 100 US-WA 100
SUPPORT US-FL 0   US-GA 0   US-PA 50
GOODS   US 100
NT      * 0
"""
"""Share of the amount that is taxable, in percent, by tax code and place (`*` = everywhere); all else is 100."""
ALIASES = {"SW052000": "SAAS", "SP140000": "SERVICE"}
"""Codes that callers of the real engine use for what this table names in words."""

DESCRIPTIONS = {
    "P0000000": "Anything without a code of its own",
    "SAAS": "Access to hosted software",
    "SERVICE": "Professional services and implementation",
    "SUPPORT": "Support and maintenance",
    "GOODS": "Physical goods",
    "NT": "Not taxable",
}

REASONS = ("RESALE", "MANUFACTURING", "GOVERNMENT", "CHARITY", "EDUCATION", "AGRICULTURE", "OTHER")
"""Why a customer may be exempt."""

USE_CODES = {
    "A": "Federal government",
    "B": "State or local government",
    "C": "Tribe",
    "D": "Foreign mission",
    "E": "Charity",
    "F": "Religious body",
    "G": "Resale",
    "H": "Farming",
    "I": "Industrial production",
    "J": "Direct payment of the tax",
    "K": "Direct mail",
    "L": "Another reason",
    "M": "Education",
    "N": "Local government",
    "P": "Commercial aquaculture",
    "Q": "Commercial fishery",
    "R": "Resident elsewhere",
}
"""Who buys: each of these codes exempts a transaction or a line."""

SUBSCRIPTIONS = {1: "AvaTaxST", 2: "AvaTaxPro", 3: "ECMPro", 4: "BasicReturns"}
"""Services that the account has, by the id of their type."""

COUNTRY_NAMES = {
    "US": "United States", "GB": "United Kingdom", "DE": "Germany", "FR": "France", "NL": "Netherlands",
    "IE": "Ireland", "ES": "Spain", "IT": "Italy", "SE": "Sweden", "JP": "Japan", "AU": "Australia",
    "SG": "Singapore", "CA": "Canada", "CH": "Switzerland",
}  # fmt: skip
PROVINCE_NAMES = {
    "ON": "Ontario", "QC": "Quebec", "BC": "British Columbia", "SK": "Saskatchewan", "MB": "Manitoba",
}  # fmt: skip
