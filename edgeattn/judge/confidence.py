"""How sure a verdict is: what it states of all inputs, when it has seen only some."""

CONFIDENCE = 0.95  # that what is said of all inputs is true of them
SHARE = 0.95  # of all inputs, that a worst case must be shown for
LEAST = 20  # samples, below which a mean is not judged: they may miss a kind of input that is one in seven
