# ruff: noqa: RUF001 (typographic quotes are looked for)
"""Rules for e-mail addresses, also spoken ones, for URLs that carry a secret, and IP addresses.

URLs without a secret stay readable: `plain_urls` tells the loop where not to look for numbers.
"""

import ipaddress
import re
from collections.abc import Iterator

from voc_pipeline.feedback.masking_spans import Rule, Span, groups

_EMAIL = re.compile(
    r"[\w.%+'’-]{1,64}@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}(?![\w@])|[\w.%+-]{1,64}@"
    r"(?:\d{1,3}\.){3}\d{1,3}"
)
_PROVIDERS = (
    r"gmail|googlemail|yahoo|hotmail|outlook|icloud|aol|live|msn|proton|protonmail|gmx|web|mail"
    r"|ymail|comcast|verizon|att|sbcglobal|btinternet|sky|virgin|orange|example|me|mac|fastmail"
)
_TLD = (
    r"(?:com|net|org|edu|gov|info|biz|io|co|uk|us|ca|au"
    r"|nz|ie|de|fr|es|it|nl|be|ch|at|eu|in|za|pl|se|no|dk|fi|pt|br|mx)"
)
_SPOKEN_EMAIL = re.compile(
    r"(?P<local>[\w.+'-]{1,64}(?:\s{1,2}(?:dot|underscore|dash|hyphen"
    r"|plus)\s{1,2}[\w+'-]{1,40}){0,4})"
    r"(?P<at>\s{0,2}[(\[{<]\s?at\s?[)\]}>]\s{0,2}|\s{1,2}at(?:\s{1,2}sign)?\s{1,2})"
    r"(?P<domain>[\w-]{1,63}(?:\s{1,2}[\w-]{1,40})??)"
    rf"(?:\s{{0,2}}[(\[{{<]\s?dot\s?[)\]}}>]\s{{0,2}}|\s{{1,2}}dot\s{{1,2}}|\.){_TLD}"
    rf"(?:(?:\s{{1,2}}dot\s{{1,2}}|\.){_TLD})?(?![\w@])",
    re.IGNORECASE,
)
_EMAIL_CUE = re.compile(
    r"(?:e-?mail|mail|address|reach|contact|write to|username|account|login|it's|it is|that's"
    r"|that is|is|under)\b[^@\n]{0,24}$",
    re.IGNORECASE,
)
_PROVIDER = re.compile(rf"(?:{_PROVIDERS})$", re.IGNORECASE)

_URL = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.|\b"
    r"(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}/)[^\s<>\"\[\]]{1,2000}",
    re.IGNORECASE,
)
_SECRET_KEY = re.compile(
    r"[?&#;/](?:\w{0,20}[-_])?(?:token|key|apikey|secret|password|passwd|pwd|pass|auth"
    r"|authorization"
    r"|session|sessionid|sid|sig|signature|code|otp|jwt|access|ticket|e-?mail|mail|phone|mobile|tel"
    r"|user|username|userid|account|ssn|name|firstname|lastname|reset|invite|magic|login|uid"
    r"|customer|dob|address|lat|lng|ip)(?:[-_]\w{0,20})?=",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"^[a-z][a-z0-9+.-]{1,15}://[^/?#]{0,200}@|@|%40", re.IGNORECASE)
_PERSONAL_PAGE = re.compile(
    r"(?:linkedin\.com/in/|wa\.me/\+?\d|facebook\.com/profile\.php|/(?:reset|unsubscribe|verify"
    r"|magic|invite)"
    r"[\w-]{0,20}/[\w.-]{12})",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"(?<![\w-])(?=[\w-]{0,199}\d)(?=[\w-]{0,199}[A-Za-z])[\w-]{24,200}(?![\w-])")

_IPV4 = re.compile(
    r"(?<![\d.])(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}"
    r"(?:[:/]\d{1,5})?(?!\.?\d)"
)
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{6,39}(?![\w:])")
_VERSION = re.compile(
    r"(?:version|versions|ver|v|build|firmware|release|ios|android|software|sdk|chrome|windows|os"
    r"|app|driver|bios|section|chapter|clause|updated? (?:to|from)|upgraded? (?:to|from)|rev)"
    r"\.?[\s:#(]{0,3}$",
    re.IGNORECASE,
)


def _emails(text: str) -> Iterator[Span]:
    yield from groups(_EMAIL, text, "EMAIL")


def _spoken_emails(text: str) -> Iterator[Span]:
    for match in _SPOKEN_EMAIL.finditer(text):
        written_out = not match["at"].strip().isalpha()
        local = match["local"]
        if (
            written_out
            or re.search(r"\d|\bdot\b|underscore|[._]", local)
            or _PROVIDER.search(match["domain"])
            or _EMAIL_CUE.search(text[max(0, match.start() - 40) : match.start()])
        ):
            yield (*match.span(), "EMAIL")


def _urls(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _URL.finditer(text):
        address = match[0].rstrip(".,;:!?)'\"’”")
        yield match.start(), match.start() + len(address), address


def has_secret(url: str) -> bool:
    """True if the URL can open something or name somebody: credentials, tokens, e-mail, keys."""
    return any(pattern.search(url) for pattern in (_USERINFO, _SECRET_KEY, _PERSONAL_PAGE, _OPAQUE))


def _secret_urls(text: str) -> Iterator[Span]:
    for start, end, address in _urls(text):
        if has_secret(address):
            yield start, end, "URL"


def plain_urls(text: str) -> list[Span]:
    """Where URLs without a secret stand."""
    if "/" not in text and "www." not in text.lower():
        return []
    return [(start, end, "URL") for start, end, url in _urls(text) if not has_secret(url)]


def _ip_addresses(text: str) -> Iterator[Span]:
    for match in _IPV4.finditer(text):
        if not _VERSION.search(text[max(0, match.start() - 24) : match.start()]):
            yield (*match.span(), "IP")
    for match in _IPV6.finditer(text):
        if match[0].count(":") >= 2 and _is_ipv6(match[0]):
            yield (*match.span(), "IP")


def _is_ipv6(candidate: str) -> bool:
    try:
        ipaddress.IPv6Address(candidate)
    except ValueError:
        return False
    return True


CONTACT_RULES = (
    Rule("email", r"@", _emails),
    Rule("spoken_email", r"(?i)\bat\b.{1,80}(?:\bdot\b|\.[a-z]{2})", _spoken_emails),
    Rule("secret_url", r"://|(?i:www\.)|\.[A-Za-z]{2,24}/", _secret_urls),
    Rule(
        "ip",
        r"\d\.\d{1,3}\.\d{1,3}\.\d|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]",
        _ip_addresses,
    ),
)
