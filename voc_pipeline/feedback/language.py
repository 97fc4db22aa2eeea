"""The language of a text: said by the source, else voted by script and words, else py3langid.

py3langid is exact but slow, so it sees only texts of 20 letters or more that no vote decided.

Short texts that no vote decides stay null: a guess on three words is wrong too often, and nothing
downstream needs one.
"""

from collections.abc import Callable, Mapping
from functools import cache

import polars as pl

LEAST_LETTERS = 20
"""Texts with fewer letters are left to the votes."""
_LANGUAGES = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu",
    "id", "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th",
    "tr", "uk", "vi", "zh",
)  # fmt: skip
"""What py3langid may answer; among all its 97 languages a short text has too many relatives."""
_LEAST_PROBABILITY = 0.8
_LONGEST_READ = 2000

_SCRIPTS: Mapping[str, str] = {
    "ja": r"[\p{Hiragana}\p{Katakana}]",
    "ko": r"\p{Hangul}",
    "zh": r"\p{Han}",
    "th": r"\p{Thai}",
    "el": r"\p{Greek}",
    "he": r"\p{Hebrew}",
}
_WORDS: Mapping[str, str] = {
    "en": "the and my you your this that with have not they are were been when would from it to "
    "but what please i of for had was is i'm can can't don't didn't after before every "
    "again there here did does be an or just get got at all so if because about out only "
    "more than then them their he she we us has will still nobody very good great how why "
    "which our by on in as no one two never always back could should any anyone some said "
    "who where now too a",
    "de": "und ich nicht das ist die der mit sie auf ein eine haben wir sehr bitte auch mein "
    "meine zu den von es für war hat aber wie bei noch nur so an in im am was will kein "
    "keine dem seit wird",
    "fr": "et je pas le les est une vous nous avec pour mon ma dans très sur que des un la de du "
    "en au ce qui il elle on me se ne plus mais ou par depuis mes votre été sont",
    "es": "y el los las una por con para pero muy está mi que no es lo del de la en un se me su "
    "al como he ha más sin les le desde son fue hay todo bien",
    "it": "e il non che per una sono con mi molto ma gli della ho è di la le lo un in si da del "
    "al ci più come anche alla nel ha stato tutto bene",
    "pt": "e o não que uma para com muito os mas você meu minha está em do da de a um se no na as "
    "por foi mais ao bem são tem eu isso dos",
    "nl": "en ik het niet een de van met voor zijn mijn maar heel ook op is in te dat die was we "
    "er aan om naar bij nog geen wel had goed ze zo",
}
_LEAST_HITS = 2
_LEAST_SHARE = 0.2


def with_language(rows: pl.DataFrame, *, text: str, words: str) -> pl.DataFrame:
    """`rows` with column `language` filled: null without words, kept where the source said it.

    Args:
        rows: columns `language` and the two named.
        text: column of the masked text.
        words: column with the number of words.
    """
    said = pl.col("language").str.strip_chars().str.to_lowercase().str.slice(0, 2)
    rows = rows.with_columns(language=pl.when(said.str.contains("^[a-z]{2}$")).then(said))
    open_texts = rows.filter(pl.col("language").is_null() & (pl.col(words) > 0)).select(
        pl.col(text), pl.col(words)
    )
    detected = detect_languages(open_texts.unique(subset=text), text=text, words=words)
    return (
        rows.join(detected, on=text, how="left", maintain_order="left")
        .with_columns(
            language=pl.when(pl.col(words) > 0).then(pl.coalesce("language", "detected_language"))
        )
        .drop("detected_language")
    )


def detect_languages(texts: pl.DataFrame, *, text: str, words: str) -> pl.DataFrame:
    """One row per given text: `text` and `detected_language`, null where nothing decides."""
    voted = texts.select(text, words).with_columns(detected_language=_english_vote(text, words))
    sure = voted.filter(pl.col("detected_language").is_not_null())
    rest = voted.filter(pl.col("detected_language").is_null())
    if rest.height:
        rest = _identified(_with_vote(rest, text, words), text)
    return pl.concat([sure, rest]).select(text, "detected_language")


def _english_vote(text: str, words: str) -> pl.Expr:
    hits = _hits(text, "en")
    return pl.when((hits >= 3) & (hits >= 0.3 * pl.col(words)) & _is_ascii(text)).then(pl.lit("en"))


def _is_ascii(text: str) -> pl.Expr:
    return pl.col(text).str.len_chars() == pl.col(text).str.len_bytes()


def _hits(text: str, code: str) -> pl.Expr:
    alternatives = "|".join(_WORDS[code].split())
    return pl.col(text).str.count_matches(rf"(?i)\b(?:{alternatives})\b")


def _with_vote(rows: pl.DataFrame, text: str, words: str) -> pl.DataFrame:
    """`rows` with detected_language: by a script that one language uses, else by frequent words.

    The frequent words of the winner are at least twice as many as those of any other language.
    """
    scripts = {script: pl.col(text).str.count_matches(_SCRIPTS[script]) for script in _SCRIPTS}
    hits = {code: _hits(text, code) for code in _WORDS}
    counted = rows.with_columns(
        *(count.alias(f"script {code}") for code, count in scripts.items()),
        *(count.alias(f"hits {code}") for code, count in hits.items()),
        letters=pl.col(text).str.count_matches(r"\p{L}"),
    )
    vote = pl.lit(None, dtype=pl.String)
    for code in _WORDS:
        own = pl.col(f"hits {code}")
        others = pl.max_horizontal(f"hits {other}" for other in _WORDS if other != code)
        wins = (own >= _LEAST_HITS) & (own >= _LEAST_SHARE * pl.col(words)) & (own >= 2 * others)
        vote = pl.when(wins).then(pl.lit(code)).otherwise(vote)
    for code in reversed(list(_SCRIPTS)):
        seen = pl.col(f"script {code}")
        share = 0.1 if code == "ja" else 0.5
        wins = (seen > 0) & (seen >= share * pl.col("letters"))
        vote = pl.when(wins).then(pl.lit(code)).otherwise(vote)
    return counted.with_columns(detected_language=vote).select(rows.columns)


@cache
def _identifier() -> Callable[[str], tuple[str, float]]:
    """py3langid's classifier with normed probabilities; its model takes a second to load."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(_LANGUAGES))

    def classify(text: str) -> tuple[str, float]:
        code, sure = identifier.classify(text)
        return str(code), float(sure)

    return classify


def _identified(rest: pl.DataFrame, text: str) -> pl.DataFrame:
    """py3langid on the long texts that no vote decided; its doubtful answers count as none."""
    is_open = pl.col("detected_language").is_null() & (
        pl.col(text).str.count_matches(r"\p{L}") >= LEAST_LETTERS
    )
    undecided = rest.filter(is_open)
    if undecided.is_empty():
        return rest
    classify = _identifier()
    answers = [classify(one[:_LONGEST_READ]) for one in undecided[text].to_list()]
    codes = [code if sure >= _LEAST_PROBABILITY else None for code, sure in answers]
    found = undecided.with_columns(detected_language=pl.Series(codes, dtype=pl.String))
    return pl.concat([rest.filter(~is_open), found])
