"""Statistics of a text: words, pairs of words, sentences, an index, readability, who follows whom."""

from collections import Counter, defaultdict
from itertools import pairwise

from checking import checked

FULL, SMALL = 550, 8
EXPECTED = {
    FULL: (
        55093,
        [("twice", 2928), ("boats", 2107)],
        (("the", "boats"), 2107),
        38502,
        14,
        14575,
        81.399764,
        [("a", "different"), ("all", "night")],
    ),
    SMALL: (
        798,
        [("twice", 38), ("boats", 29)],
        (("the", "boats"), 29),
        554,
        14,
        226,
        81.373506,
        [("a", "different"), ("all", "night")],
    ),
}

SENTENCES = [
    "The harbour master counted the boats twice, and twice he got a different number.",
    "Nobody in the village had expected rain, least of all the baker's daughter!",
    "Did the old lighthouse really burn all night, as the fishermen said?",
    "Seven gulls sat on the wall; the eighth, a large grey one, watched the nets.",
    "In the morning the boats were back, but the nets were empty and the men were silent.",
    "He wrote the number down, closed the book, and went home to a cold supper.",
]

STOP_WORDS = frozenset("a all and as but had he in of on one the to was were".split())  # noqa: SIM905
VOWELS = "aeiouy"


def make_text(paragraphs):
    lines = []
    for number in range(paragraphs):
        picked = [SENTENCES[(number * step + step) % len(SENTENCES)] for step in range(1, 8)]
        lines.append(" ".join(picked))
    return "\n\n".join(lines)


def words_of(text):
    words = []
    for raw in text.split():
        word = raw.strip(".,;!?").lower()
        if word.endswith("'s"):
            word = word[:-2]
        if word:
            words.append(word)
    return words


def sentences_of(paragraph):
    start = 0
    for index, char in enumerate(paragraph):
        if char in ".!?":
            yield paragraph[start : index + 1].strip()
            start = index + 1


def syllables(word):
    count = 0
    was_vowel = False
    for letter in word:
        is_vowel = letter in VOWELS
        if is_vowel and not was_vowel:
            count += 1
        was_vowel = is_vowel
    if word.endswith("e") and count > 1:
        count -= 1
    return max(count, 1)


def index_of(paragraphs):
    """In which paragraphs each interesting word stands."""
    index = defaultdict(list)
    for number, paragraph in enumerate(paragraphs):
        for word in sorted(set(words_of(paragraph)) - STOP_WORDS):
            index[word].append(number)
    return index


def readability(words, sentence_count):
    total = sum(syllables(word) for word in words)
    return 206.835 - 1.015 * len(words) / sentence_count - 84.6 * total / len(words)


def followers(words):
    table = {}
    for first, second in pairwise(words):
        counts = table.setdefault(first, {})
        counts[second] = counts.get(second, 0) + 1
    return {word: max(counts, key=lambda follower: (counts[follower], follower)) for word, counts in table.items()}


def run(size=FULL):
    text = make_text(size)
    paragraphs = text.split("\n\n")
    words = words_of(text)
    frequencies = Counter(word for word in words if word not in STOP_WORDS)
    pairs = Counter(pairwise(words))
    letters = Counter()
    for word, count in Counter(words).items():
        for letter in word:
            letters[letter] += count
    sentences = [sentence for paragraph in paragraphs for sentence in sentences_of(paragraph)]
    lengths = sorted(len(sentence.split()) for sentence in sentences)
    index = index_of(paragraphs)
    likely = followers(words)
    result = (
        len(words),
        frequencies.most_common(2),
        max(pairs.items(), key=lambda item: (item[1], item[0])),
        letters["e"],
        lengths[len(lengths) // 2],
        sum(map(len, index.values())),
        round(readability(words, len(sentences)), 6),
        sorted(likely.items())[:2],
    )
    return checked(result, EXPECTED[size])
