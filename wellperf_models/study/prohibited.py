"""Streams of voice, face and keystrokes for emotion inference, refused by their name.

Inferring emotions at work from biometric data is prohibited: Regulation (EU) 2024/1689 (AI Act),
Art. 5(1)(f), with the definition of Art. 3(39). The article exempts medical and safety reasons; this
workbench is for neither, so it knows no exemption. A name can hide what it holds: this stops nobody who wants
to cheat.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

ARTICLE: Final = "Regulation (EU) 2024/1689 (AI Act), Art. 5(1)(f)"

# whole words
_WORDS = frozenset(
    {
        "audio", "camera", "cctv", "emotion", "emotions", "face", "faces", "gaze", "intonation", "mic",
        "microphone", "prosody", "pupillometry", "smile", "smiles", "speech", "video", "videos",
        "vocal", "voice", "voices",
        # the same in German, where they mean nothing else
        "emotionserkennung", "gesichtsausdruck", "gesichtserkennung", "mimik", "stimmanalyse",
        "stimmlage", "tastenanschlag", "tastenanschlage", "tippverhalten", "blickverfolgung",
    }
)  # fmt: skip
# beginnings of words written together
_BEGINNINGS = (
    "emotiondetect", "emotionrecog", "eyetrack", "facerecog", "facial", "gazetrack", "keylog", "keystroke",
    "microexpression", "speechemotion", "speechtone", "voiceemotion", "voiceprint", "voicetone", "webcam",
)  # fmt: skip
# words in this order
_PHRASES = tuple(
    tuple(text.split())
    for text in (
        "key stroke", "key strokes", "key logger", "key logging", "typing rhythm", "typing rhythms",
        "typing speed", "typing cadence", "typing pattern", "typing patterns", "typing dynamics",
        "typing behaviour", "typing behavior", "typing pressure", "keyboard dynamics", "mouse dynamics",
        "eye track", "eye tracking", "eye tracker", "eye movement", "eye movements", "pupil dilation",
        "pupil size", "blink rate", "web cam", "micro expression", "micro expressions",
        "affect recognition", "affect detection", "affective computing", "tone of calls", "call tone",
    )
)  # fmt: skip
# sentiment of what people wrote is no biometric; of how they sounded or looked, it is
_SENTIMENT = frozenset({"sentiment", "sentiments"})
_SPOKEN = frozenset({"call", "calls", "phone", "meeting", "meetings", "recording", "recordings"})
# phrases with such a word that are about something else
_HARMLESS = tuple(
    tuple(text.split())
    for text in (
        "face to face", "face time", "face validity", "face value", "face mask", "face masks",
        "face shield", "voice of the employee", "voice of the employees", "voice of employee",
        "voice of employees", "voice of the customer", "voice of customer", "employee voice",
        "staff voice", "patient voice", "customer voice", "worker voice", "voice behaviour",
        "voice behavior", "voice climate", "voice at work", "promotive voice", "prohibitive voice",
        "voice and silence", "voice mail", "voice mails", "voice call", "voice calls", "video call",
        "video calls", "video meeting", "video meetings", "video conference", "video conferences",
        "video conferencing", "video training", "audio conference", "audio conferences",
        "speech therapy", "speech therapist", "speech therapists", "free speech", "freedom of speech",
        "emotion regulation", "emotion work", "emotion focused",
    )
)  # fmt: skip
# beside one of these, no phrase is harmless: "employee voice pitch"
_OF_THE_SOUND = frozenset(
    {
        "biometric", "biometrics", "expression", "expressions", "loudness", "pitch", "recognition", "timbre",
        "tone", "tones", "tremor",
    }
)  # fmt: skip
_LONGEST_FIRST = tuple(sorted(_HARMLESS, key=len, reverse=True))
_CASE_CHANGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z]+")


def prohibited_word(name: str) -> str | None:
    """The word or phrase that says a name is of such a stream; None where none does.

    Args:
        name: In snake_case, camelCase, with blanks or hyphens; whole words are compared, so that "surface"
            and "interface" are none.
    """
    words = _words_of(name)
    spoken = _SPOKEN.intersection(words)
    if spoken and (felt := _SENTIMENT.intersection(words)):
        return f"{min(felt)} of {min(spoken)}"
    for phrase in _PHRASES:
        if _find(words, phrase) is not None:
            return " ".join(phrase)
    for word in words:
        if word.startswith(_BEGINNINGS):
            return word
    for phrase in () if _OF_THE_SOUND.intersection(words) else _LONGEST_FIRST:
        while (at := _find(words, phrase)) is not None:
            words = [*words[:at], "", *words[at + len(phrase) :]]
    return next((word for word in words if word in _WORDS), None)


def check_names(names: Mapping[str, Iterable[str]]) -> None:
    """Refuses a study in which anything is named like such a stream.

    Args:
        names: Place in the study file → names used there.

    Raises:
        ValueError: With the place, the name and the article.
    """
    for place, used in names.items():
        for name in used:
            if word := prohibited_word(name):
                raise ValueError(
                    f"{place}: {name[:60]!r} names a stream of voice, face or keystrokes ({word}); inferring "
                    f"emotions from these at work is prohibited by {ARTICLE}: take it out of the study file"
                )


def _words_of(name: str) -> list[str]:
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", name) if unicodedata.category(c) not in ("Mn", "Cf")
    )
    return _WORD.findall(_CASE_CHANGE.sub(" ", plain).casefold())


def _find(words: list[str], phrase: tuple[str, ...]) -> int | None:
    """Where a phrase begins in a list of words."""
    size = len(phrase)
    return next((i for i in range(len(words) - size + 1) if tuple(words[i : i + size]) == phrase), None)
