"""Instructions hidden in material, and judges that repeat them."""

import base64
import binascii
import html
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise

READ = 50_000
RUN, SIGNS = 4, 6
CJK = "\u3040-\u30ff\u3400-\u9fff"
SIGN = re.compile(f"[{CJK}]")
WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+(?:'[^\W_{CJK}]+)*")
PIECE = re.compile(r"[^.!?\n。！？؟]+")
CODED = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{20,}={0,2}(?![A-Za-z0-9+/=])")
COMMANDS = re.compile(
    r"\b(?:ignore|disregard|forget|override|overlook) (?:\w+ ){0,4}"
    r"(?:instructions?|above|rules?|guidelines?|criteria|rubric|prompt|previous|prior)"
    r"|\b(?:new|updated|real|hidden|system) (?:instructions?|prompt|message|orders?)\b"
    r"|\byou (?:must|should|shall|will|are to|have to|need to|are required to) (?:\w+ ){0,3}"
    r"(?:answer|choose|pick|select|prefer|rate|score|grade|judge|rank|reply|respond|output|give)\b"
    r"|\b(?:dear|attention|note to(?: the)?|instructions? (?:to|for)(?: the)?|as(?: the| an?)?) "
    r"(?:\w+ )?(?:judge|evaluator|grader|reviewer|rater|assessor|annotator)s?\b"
    r"|\b(?:choose|pick|select|prefer|favou?r|declare) (?:the |this )?"
    r"(?:(?:response|answer|option|assistant|output) [a-z]\b|this (?:response|answer|one))"
    r"|\b(?:rate|score|grade|give|award|mark) (?:this|it|me|the) (?:\w+ ){0,5}"
    r"(?:\d+|highest|full|maximum|perfect|best|top)\b"
    r"|\b(?:response|answer|option|assistant) [ab] (?:is|must be|should be) "
    r"(?:the )?(?:better|best|winner|correct|chosen|preferred)\b"
    r"|\b(?:ignorier|vergiss|missacht)\w* (?:\w+ ){0,4}(?:anweisung|regel|vorgabe|kriteri)\w*"
    r"|\b(?:wähle?n?|bevorzuge?n?|nimm) (?:sie )?(?:die |diese )?(?:antwort|option)\b"
    r"|\b(?:ignore[zr]?|oublie[zr]?) (?:\w+ ){0,4}(?:instructions|consignes|règles|critères)"
    r"|\b(?:choisis(?:sez)?|préfère[zr]?) (?:la |cette )?(?:réponse|option)\b"
    r"|\b(?:ignor[ae]d?|olvid[ae]|esque[çc]a) (?:\w+ ){0,4}"
    r"(?:instrucciones|reglas|instruções|regras|istruzioni|regole|criterios?|anteriores)"
    r"|\b(?:elige|escoge|escolha|scegli) (?:la |a )?(?:respuesta|resposta|risposta|opción)\b"
    r"|\b(?:игнорируй|забудь|не обращай)\w* (?:\w+ ){0,4}(?:инструкци|правил|указани|критери)\w*"
    r"|\bвыб(?:ери|ирай)\w* (?:ответ|вариант)\w*"
    r"|(?:忽略|无视|無視|忘记|忘記).{0,12}(?:指令|指示|说明|說明|规则|規則|要求|提示|标准|標準)"
    r"|(?:选择|選擇|请选|請選).{0,6}(?:回答|答案|回复|回覆|选项|選項)"
    r"|(?:指示|命令|ルール|規則|プロンプト).{0,8}(?:無視|忘れ)|(?:회답|지시|명령|규칙).{0,8}(?:무시|잊)"
    r"|(?:تجاهل|انس).{0,20}(?:التعليمات|القواعد|الأوامر|المعايير)",
    re.IGNORECASE,
)


def instructions(
    material: Iterable[str], heard: Callable[[Sequence[str], str], bool] = lambda words, text: True
) -> list[str]:
    """Sentences of the material that read like an instruction to whoever judges it, in order.

    `heard` says of the words of a sentence whether it matters; it is asked first, because looking
    at the wording costs more. Found by their wording in a dozen languages, also where they run over
    a line's or a text's end, stand in base64 or HTML entities, or have invisible or look-alike wide
    letters between: a list of what to look at and no proof. Reads the first 50,000 characters of
    each text.
    """
    pieces = [
        (m.group().strip(), plain[m.end() : m.end() + 1] in {"", "\n"})
        for text in material for plain in _readings(text[:READ])
        for m in PIECE.finditer(plain) if m.group().strip()
    ]  # fmt: skip
    words = [WORD.findall(piece.lower()) for piece, _ in pieces]
    found = [
        piece for (piece, _), said in zip(pieces, words, strict=True)
        if heard(said, piece) and COMMANDS.search(piece)
    ]  # fmt: skip
    both = zip(pairwise(pieces), pairwise(words), strict=True)
    for ((first, goes_on), (second, _)), (here, there) in both:
        if not goes_on:
            continue
        across = f"{first} {second}"
        ends = len(first)
        if heard([*here, *there], across) and any(
            m.start() < ends < m.end() for m in COMMANDS.finditer(across)
        ):
            found.append(across)
    return list(dict.fromkeys(found))


def quoted(material: Iterable[str], reasoning: str, own: str = "") -> list[str]:
    """The instruction-like sentences of the material that the reasoning quotes.

    A quotation is four words in a row, six signs where a sign is a word, or all of a shorter
    sentence. Words that the study's own questions and guidelines (`own`) say as well are none.
    """
    said, asked = (WORD.findall(_plain(text).lower()) for text in (reasoning, own))

    @cache
    def told(size: int) -> set[tuple[str, ...]]:
        return set(_runs(said, size)) - set(_runs(asked, size))

    def heard(words: Sequence[str], sentence: str) -> bool:
        signs = not sentence.isascii() and len(SIGN.findall(sentence)) > len(words) / 2
        size = min(SIGNS if signs else RUN, len(words))
        runs = told(size)
        return bool(runs) and any(run in runs for run in _runs(words, size))

    return [sentence[:300] for sentence in instructions(material, heard)]


def _runs(words: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """Every `size` words in a row."""
    return zip(*(words[n:] for n in range(size)), strict=False)


def _readings(text: str) -> Iterator[str]:
    """A text without its disguises, and after it what its base64 says."""
    plain = _plain(text)
    yield plain
    for coded in CODED.findall(plain):
        try:
            said = base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        yield _plain(said)


def _plain(text: str) -> str:
    """The text with entities read, wide letters made plain and invisible ones left out."""
    wide = unicodedata.normalize("NFKC", html.unescape(text))
    return wide if wide.isascii() else wide.translate(_invisible())


@cache
def _invisible() -> dict[int, None]:
    """The signs that format text and are not seen."""
    signs = range(sys.maxunicode + 1)
    return {sign: None for sign in signs if unicodedata.category(chr(sign)) == "Cf"}
