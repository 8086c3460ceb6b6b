"""Hiding who wrote a text: names of models, and what models say about themselves."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

MODEL, MAKER = "[model]", "[maker]"
MODELS = (
    "chatgpt", "gpt-?[345][a-z0-9.-]*", "text-davinci-\\d+", "claude(?:[ -](?:instant|opus|"
    "sonnet|haiku|v?\\d[\\d.]*(?<!\\.)))*",
    "gemini(?:[ -](?:pro|ultra|flash|nano|\\d[\\d.]*(?<!\\.)))*",
    "gemma[ -]?\\d[a-z0-9.-]*", "palm[ -]?2", "llama[ -]?\\d[a-z0-9.-]*", "code ?llama",
    "mi[sx]tral(?:[ -][a-z0-9.-]*\\d[a-z0-9.-]*)?", "qwen[a-z0-9.-]*", "tongyi",
    "deepseek[a-z0-9.-]*",
    "grok(?:-\\d[a-z0-9.]*)?", "command[ -]r(?:\\+|-plus)?", "vicuna[a-z0-9.-]*", "koala-\\d+b",
    "alpaca-\\d+b", "kimi", "ernie bot", "phi-\\d[a-z0-9.-]*", "olmo[a-z0-9.-]*",
    "falcon-\\d+b[a-z-]*", "yi-\\d+b[a-z-]*", "glm-\\d[a-z0-9.-]*", "chatglm[a-z0-9.-]*",
)  # fmt: skip
MAKERS = (
    "openai", "anthropic", "google(?: deepmind| ai| research)?", "deepmind", "meta(?: ai)?",
    "mistral ai", "alibaba(?: cloud)?", "deepseek(?: ai)?", "xai", "cohere", "lmsys(?: org)?",
    "moonshot ai", "baidu", "microsoft", "zhipu(?: ai)?", "01\\.ai", "nvidia", "amazon", "ai2",
    "allen institute for ai", "apple", "stability ai",
)  # fmt: skip
SURE = re.compile(
    rf"\b(?:{'|'.join(m for m in MODELS if not m.startswith(('claude', 'gemini', 'grok', 'kimi')))}"
    r"|anthropic|openai)(?![\w-])",
    re.IGNORECASE,
)  # names that are nothing else; the others may be a person, a sign or a verb
SELF = re.compile(
    r"\b(?:i(?:'|’)?\s?a?m|i am|as|my name is|call me|this is|i(?:'|’)m called|known as)\b"
    r"(?:[^.!?\n]|\.(?=\d)){0,160}",
    re.IGNORECASE,
)
BY = re.compile(
    r"\b(?:made|created|developed|trained|built|designed|released|provided|powered)\s+by\b"
    r"(?:[^.!?\n]|\.(?=\d)){0,80}",
    re.IGNORECASE,
)
ANY_MODEL = re.compile(rf"\b(?:{'|'.join(MODELS)})(?![\w-])", re.IGNORECASE)
ANY_MAKER = re.compile(rf"\b(?:{'|'.join(MAKERS)})(?![\w-])", re.IGNORECASE)
LIKE_A_MODEL = re.compile(
    r"\b(?:ai|language model|llm|assistant|chatbot|model|chat ?bot|artificial intelligence)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Masked:
    """One name that was hidden: what stood where (character offsets of the stored text)."""

    start: int
    end: int
    text: str
    by: str


def find(text: str, names: Iterable[str] = ()) -> list[Masked]:
    """The names in a text that tell who wrote it, in order and without overlap.

    Hidden are: `names`, the sources that the study itself knows, wherever they stand; names that
    only a model or its maker has, wherever they stand; and every known model or maker in a clause
    in which the writer speaks of itself ("As Claude, made by ...", "I'm Gemini").

    >>> [m.text for m in find("As Claude, made by Anthropic, I like Claude Monet.")]
    ['Claude', 'Anthropic']
    """
    found = [Masked(m.start(), m.end(), m.group(), _by(m.group())) for m in SURE.finditer(text)]
    for pattern in (SELF, BY):
        for clause in pattern.finditer(text):
            found += _inside(clause, own=pattern is SELF)
    own = _named(frozenset(n.strip() for n in names if len(n.strip()) > 2))
    if own is not None:
        found += [Masked(m.start(), m.end(), m.group(), MODEL) for m in own.finditer(text)]
    return _apart(found)


def mask(text: str, names: Iterable[str] = ()) -> str:
    """The text with what `find` finds hidden.

    >>> mask("I'm ChatGPT, a model by OpenAI.")
    "I'm [model], a model by [maker]."
    """
    shown, end = [], 0
    for one in find(text, names):
        shown += [text[end : one.start], one.by]
        end = one.end
    return "".join([*shown, text[end:]])


def masker(names: Iterable[str], heard: list[Masked]) -> Callable[[str], str]:
    """`mask` for these names, which tells `heard` what it has hidden."""
    known = tuple(names)

    def hide(text: str) -> str:
        heard.extend(find(text, known))
        return mask(text, known)

    return hide


def _inside(clause: re.Match[str], *, own: bool) -> list[Masked]:
    """Names within a clause.

    One about oneself counts when it begins with the name, or says that an AI speaks.
    """
    words, start = clause.group(), clause.start()
    models = list(ANY_MODEL.finditer(words))
    head = re.match(r"\W*(?:\w+(?:'|’)?\w*\W+){0,3}", words)
    near = head.end() + 1 if head else 0
    speaks = bool(LIKE_A_MODEL.search(words)) or bool(models and models[0].start() <= near)
    if own and not speaks:
        return []
    if not own and not (models or LIKE_A_MODEL.search(clause.string[max(0, start - 80) : start])):
        return []
    first = models[:1] if own and not LIKE_A_MODEL.search(words) else models
    found = [Masked(start + m.start(), start + m.end(), m.group(), MODEL) for m in first]
    return found + [
        Masked(start + m.start(), start + m.end(), m.group(), MAKER)
        for m in ANY_MAKER.finditer(words)
    ]


@lru_cache(maxsize=256)
def _named(names: frozenset[str]) -> re.Pattern[str] | None:
    if not names:
        return None
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


def _by(text: str) -> str:
    return MAKER if ANY_MAKER.fullmatch(text) else MODEL


def _apart(found: list[Masked]) -> list[Masked]:
    """In order, the longest first where two begin together, none inside another."""
    kept: list[Masked] = []
    for one in sorted(found, key=lambda m: (m.start, -m.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept
