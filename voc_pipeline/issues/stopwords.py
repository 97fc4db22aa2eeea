"""Words that carry no issue of their own, words that end no label, words that tell of trouble.

English word lists only; the choice of labels is in `labels`.
"""

WEAK_EDGES = frozenset(
    """
    a about after again all also although always am an and any anyone anything are as at be because
    been before being both but by came can cannot could did do does doing done down during each
    either even ever every everyone everything few for from further get gets getting go goes going
    got had has have having he hello her here hers hey hi him his how i i'd i'll i'm i've if in
    into is it it'd it'll it's its itself just keep least less let lets like made make makes making
    many may maybe me might mine more most much must my myself neither next no nor now of off oh ok
    okay on once one ones only onto or other our ours out over own per please quite rather really
    said same say says see seem seems several shall she should since so some someone something
    still such take tell than thank thanks that that's the their theirs them then there there's
    these they they're they've thing things this those though through thru to told too toward
    towards try trying two until up upon us use very via want wanted was way we we'd we'll we're
    we've well went were what what's when where whether which while who whom whose why will wish
    with within would yet you you'd you'll you're you've your yours yourself u ur im ive dont amp
    http https www co com
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""No label starts or ends with one of these."""

STOP_WORDS = WEAK_EDGES | frozenset(
    """
    aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't not shouldn't wasn't
    weren't won't wouldn't never ain't anyway anymore back bad better big bit dear different else
    enough far feel felt find first give given good great happen happened help hope know last let
    little long look looking lot lots love need needs new nice nothing old part pls possible put
    right show sir start stop sure think thought time times today tomorrow used using ve work
    second third fourth fifth yesterday yes yeah day days week weeks month months year years hour
    hours minute minutes people person customer customers company everytime guys experience issue
    issues problem problems
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""These say nothing about which problem it is, though a label may hold them."""

NEGATIONS = frozenset(
    """
    no not never without can't cannot couldn't don't doesn't didn't isn't aren't wasn't weren't
    hasn't haven't hadn't won't wouldn't unable nothing
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""A label may begin with one of these, but not end."""

TROUBLE = NEGATIONS | frozenset(
    """
    awful bad broke broken bug bugs chased closed confusing cut dead declined delay delayed delays
    difficult dirty disconnected double dropped duplicate empty error errored errors expensive
    expired faulty frozen higher hold hung ignored impossible inaccurate incorrect invalid
    irrelevant lack
    late later lied long longer loses losing lost misleading missed missing mistake overcharged
    pain poor queue refused refuses repeat repeating rude scratched short slow slower smashed stolen
    stopped stops stuck terrible torn twice unacceptable unanswered unauthorised unclear unhelpful
    unreliable unsafe useless wait waited waiting worse worst wrong
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
TROUBLE_STEMS = ("cancel", "crash", "damag", "fail", "freez", "reject")
"""Words, or beginnings of words, that say what is wrong."""

DETERMINERS = frozenset(
    "a an the my your our their his her its this that these those very so too such".split()  # noqa: SIM905
)
NUMERALS = frozenset("two three four five six seven eight nine ten".split())  # noqa: SIM905
WAITING = (
    DETERMINERS | NUMERALS | frozenset("at by for from in into of on to with".split())  # noqa: SIM905
)
QUALITIES = frozenset(
    """
    bad big different extra full good great incorrect long new old other poor right same short
    terrible whole wrong
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""Behind one of `WAITING` they wait for what they describe: no label ends with "the wrong"."""

DAYS = frozenset("ago today tomorrow tonight yesterday".split())  # noqa: SIM905
"""No label ends with one: when it was said is not what was said."""

UNFINISHED = frozenset(
    """
    across against almost along amid approximately around behind below beneath beside besides
    between beyond despite due except including inside involving like near nearly ought outside past
    roughly
    toward under unless unlike upon whilst within without worth
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""No label ends with one of these either."""

TIME_UNITS = frozenset(
    """
    am pm sec secs second seconds min mins minute minutes hr hrs hour hours day days night nights
    week weeks month months year years
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""No label starts with one: its number is not part of it."""

BREAKS = frozenset(
    """
    and because but cheers dear faithfully goodbye he hello hi i i'd i'm i've if it it's kindly
    madam
    or regards she sincerely sir so thank thanks that that's they they're though we we're what when
    where which while who you you're
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""No label goes over one of these: another thought begins, or a letter does or ends."""

PARTICLES = frozenset("up off out down away".split())  # noqa: SIM905
"""These end a label behind a verb: "hung up", "locked out"."""

BESIDE_VERBS = frozenset("apart away back together".split())  # noqa: SIM905
"""No label starts with one, as its verb stands before it: "[putting it] together"."""

AMOUNTS = frozenset("bit couple little lot lots half quite".split())  # noqa: SIM905
"""No label starts with one of these."""

FILLERS = frozenset(
    """
    absolutely actually apparently basically clearly completely definitely entirely especially
    extremely frankly fully generally honestly incredibly literally mostly naturally obviously
    particularly possibly probably really seriously simply somewhat surely totally truly usually
    utterly wtf lol omg smh
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""No label starts with one of these, and they carry no meaning of their own."""

LEADS = frozenset("in off on out over under".split())  # noqa: SIM905
"""A label may start with one where its words are hardly said without it: "on hold"."""

LINKS = frozenset("and at by for from in of on to with".split())  # noqa: SIM905
"""Words that tie what is before them to what is behind: "sign in loop", "click and collect"."""

HELPERS_OF_NOT = frozenset("can could did do does may might shall should will would".split())  # noqa: SIM905
"""These belong to the "not" behind them: "did not answer", never "not answer"."""

OWNERS = DETERMINERS - {"so", "such", "too", "very"}
OBJECTS = OWNERS | {"me", "us", "him", "them"}
"""A verb in front of one of these goes on: no label ends with "asks" where all say "asks me"."""

QUANTITIES = frozenset("few little long many much".split())  # noqa: SIM905
"""Behind a "too" they begin what is wrong: "too much packaging"."""

LACKING = frozenset("fewer less more".split())  # noqa: SIM905
"""Before a thing they ask for what is missing: "more staff", "fewer adverts"."""

NOBODY = frozenset(["nobody", "no-one", "none", "neither", "hardly"])
"""With these before it a phrase says the opposite, as with a negation."""

SUBJECTS = DETERMINERS | frozenset("i we you he she they it there".split())  # noqa: SIM905
"""Behind one of these at its beginning a clause is whole without it: "[the] staff were rude"."""

FEELINGS = frozenset(
    """
    abysmal anger angry annoyed annoying anxious apologies apologise apologize apology appalled
    appalling atrocious awful bloody crap crappy devastated diabolical disappointed
    disappointing disappointment disaster disgrace disgraceful disgusted disgusting displeased
    dissatisfied distressed distressing dreadful embarrassed embarrassing enraged epic fail
    farce fed frustrated frustrates frustrating frustration fuming furious garbage ghastly
    gutted hate hated hideous hopeless horrendous horrible horrid horrific inexcusable
    infuriated infuriating insane insulted insulting irritated irritating joke lame laughable
    livid lousy ludicrous mad mediocre mess miserable nightmare nonsense nuisance outraged
    outrageous pathetic patience pissed poor ridiculous rubbish sad sadly shambles shame
    shameful shocked shocking sorry stress stressed stressful stupid suck sucked sucks terrible
    terribly tired unacceptable unbelievable unhappy unimpressed upset upsetting worried worries
    worry worrying worst wow wtf
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""What is felt or thought of a thing: these say that something is wrong, and never what."""

LIKINGS = frozenset(
    """
    acceptable amazing awesome brilliant excellent fantastic happy impressed lovely perfect
    pleased satisfied superb wonderful
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""The same of what is liked: a phrase with one of these names no problem."""
