"""What is asked of a decoder: a caller's options over the bundle's, checked together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeattn_runtime.bundle.generation_options import GenerationOptions, SettledOptions
from edgeattn_runtime.decoding.beam_search import BeamSearch
from edgeattn_runtime.decoding.decoder import Decoder
from edgeattn_runtime.decoding.prompt import Tokens, read_tokens
from edgeattn_runtime.decoding.search import ScoredSearch, Search, SingleSearch
from edgeattn_runtime.decoding.stops import Stops
from edgeattn_runtime.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How prompts are to be continued.

    Attributes:
        options: Within their limits, and of each other.
        start: int64 (length,), begins an encoder-decoder's answer.
        stops: What ends a sequence.
    """

    options: SettledOptions
    start: Tokens
    stops: Stops

    @classmethod
    def of(cls, decoder: Decoder, asked: GenerationOptions) -> Request:
        """Return what a caller asks for; what it leaves out is the bundle's, and else the default.

        Raises:
            InputError: A token is outside the vocabulary, more sequences than beams are to be returned, beams
                are to draw, or a call has fewer rows than there are beams.
        """
        options = asked.over(decoder.defaults).settled()
        beams = options.num_beams
        if options.num_return_sequences > beams:
            raise InputError(
                f"num_return_sequences: {options.num_return_sequences} found, at most num_beams expected, "
                f"{beams}; ask for more beams"
            )
        if beams > 1 and options.temperature > 0:
            raise InputError(
                f"temperature: {options.temperature} found with {beams} beams, which draw nothing;"
                " 0 expected, or num_beams=1"
            )
        decoder.check_rows(beams)
        vocabulary = decoder.vocabulary
        start = read_tokens("start", options.start, vocabulary=vocabulary, least=0)
        return cls(options=options, start=start, stops=Stops.read(options, vocabulary))

    def single_search(self, begin: Tokens, limit: int) -> SingleSearch:
        """Return the search of one sequence, without its score."""
        return SingleSearch(begin, limit, self.stops, self.options, self._random(0))

    def search(self, begin: Tokens, limit: int, row: int) -> Search:
        """Return the search of a prompt's sequences with scores, by beams where there are several.

        ``row`` is the prompt's number.
        """
        if self.options.num_beams == 1:
            return ScoredSearch(begin, limit, self.stops, self.options, self._random(row))
        return BeamSearch(begin, limit, self.stops, self.options)

    def _random(self, row: int) -> np.random.Generator:
        """Return what draws for a prompt, whose number moves the seed."""
        seed = self.options.seed
        return np.random.default_rng(None if seed is None else seed + row)
