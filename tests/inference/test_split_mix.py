"""The generator inside kernels: published words, a plain twin, numbers that a path's place alone decides."""

from __future__ import annotations

import numpy as np
import pytest

from stratkit.inference.split_mix import bit_stream, path_keys, uniform_stream
from stratkit.seeds import generator


def plain_words(seed: int, count: int) -> list[int]:
    """SplitMix64 as its authors wrote it, with a state that is moved on."""
    words, state, all_bits = [], seed, 2**64 - 1
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & all_bits
        word = state
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & all_bits
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & all_bits
        words.append(word ^ (word >> 31))
    return words


@pytest.mark.parametrize(
    ("seed", "published"),
    [
        # the first outputs of java.util.SplittableRandom(0).nextLong(), and of Vigna's splitmix64.c from state 0
        (0, [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC, 0x1B39896A51A8749B]),
        # the check of the task "Pseudo-random numbers/Splitmix64" on Rosetta Code
        (1234567, [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431,
                   16408922859458223821]),
    ],
)  # fmt: skip
def test_the_words_are_the_published_ones(seed: int, published: list[int]) -> None:
    assert bit_stream(np.uint64(seed), 5).tolist() == published == plain_words(seed, 5)


def test_a_number_is_the_highest_bits_of_its_word_wherever_the_reading_begins() -> None:
    key = np.uint64(2**64 - 3)
    expected = [(word >> 11) / 2**53 for word in plain_words(int(key), 300)]
    assert uniform_stream(key, 0, 300).tolist() == expected
    assert uniform_stream(key, 123, 50).tolist() == expected[123:173]


def test_numbers_of_many_streams_are_uniform_and_unrelated() -> None:
    keys = path_keys(generator(0, "streams"), 400)
    numbers = np.array([uniform_stream(key, 0, 1000) for key in keys])
    counts = np.histogram(numbers, bins=50, range=(0, 1))[0]
    expected = numbers.size / 50
    assert ((counts - expected) ** 2 / expected).sum() < 85.4  # chi squared with 49 degrees, exceeded once in 1,000
    between = np.corrcoef(numbers[:, :-1].ravel(), numbers[:, 1:].ravel())[0, 1]
    among = np.corrcoef(numbers[:-1].ravel(), numbers[1:].ravel())[0, 1]
    assert abs(between) < 4 / np.sqrt(numbers.size)
    assert abs(among) < 4 / np.sqrt(numbers.size)


def test_more_paths_leave_the_keys_of_the_first_ones_alone() -> None:
    assert (path_keys(generator(5, "keys"), 40)[:7] == path_keys(generator(5, "keys"), 7)).all()
