"""Work in processes of their own: the same results, and a word about one that was ended."""

import math
from signal import SIGCONT, SIGKILL, raise_signal

import pytest

from assets.beside import PROCESSES, WORTH_PROCESSES, beside
from models.errors import EndedError


@pytest.mark.parametrize("weeks", [WORTH_PROCESSES - 1, WORTH_PROCESSES + 2])
def test_results_come_in_the_order_of_their_inputs(weeks):
    inputs = ((number,) for number in range(weeks))
    found = list(beside(math.factorial, inputs, weeks=weeks))
    assert found == [math.factorial(number) for number in range(weeks)]


def test_what_a_process_raises_is_raised_here():
    with pytest.raises(ValueError, match="not defined for negative"):
        list(beside(math.factorial, [(-1,)] * WORTH_PROCESSES, weeks=WORTH_PROCESSES))


@pytest.mark.parametrize("finished", [0, PROCESSES, WORTH_PROCESSES - 1])
def test_a_process_that_was_killed_is_told_with_its_remedy(finished):
    """As the system does to one that takes too much memory."""
    inputs = [(SIGCONT,)] * finished + [(SIGKILL,)] + [(SIGCONT,)] * WORTH_PROCESSES
    done = beside(raise_signal, inputs, weeks=len(inputs))
    for _ in range(finished):
        next(done)
    with pytest.raises(EndedError, match=r"exit code -9.*Free some memory and run again") as caught:
        list(done)
    assert f"fewer than {WORTH_PROCESSES} weeks" in str(caught.value)
