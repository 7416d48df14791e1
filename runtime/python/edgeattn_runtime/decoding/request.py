"""What is asked of a decoder: a caller's options over the bundle's, checked together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeattn_runtime.bundle.generation_options import OTHERWISE, GenerationOptions
from edgeattn_runtime.decoding.beam_search import Beams, BeamSearch
from edgeattn_runtime.decoding.decoder import Decoder
from edgeattn_runtime.decoding.prompt import Tokens, read_tokens
from edgeattn_runtime.decoding.sampling import Sampling
from edgeattn_runtime.decoding.search import Search, SingleSearch
from edgeattn_runtime.decoding.stops import Stops
from edgeattn_runtime.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How prompts are to be continued; ``start``, int64 (length,), begins an encoder-decoder's answer."""

    start: Tokens
    stops: Stops
    max_new_tokens: int | None
    beams: Beams
    sampling: Sampling
    seed: int | None

    @classmethod
    def of(cls, decoder: Decoder, options: GenerationOptions) -> Request:
        """Return what a caller asks for; what it leaves out is the bundle's, and else the default.

        Raises:
            InputError: A token is outside the vocabulary, more sequences than beams are to be returned, beams
                are to draw, or a call has fewer rows than there are beams.
        """
        options = options.over(decoder.defaults).over(OTHERWISE)
        beams, sampling = options.part(Beams), options.part(Sampling)
        if beams.num_return_sequences > beams.num_beams:
            raise InputError(
                f"num_return_sequences: {beams.num_return_sequences} found, at most num_beams expected, "
                f"{beams.num_beams}; ask for more beams"
            )
        if beams.num_beams > 1 and sampling.temperature > 0:
            raise InputError(
                f"temperature: {sampling.temperature} found with {beams.num_beams} beams, which draw nothing;"
                " 0 expected, or num_beams=1"
            )
        decoder.check_rows(beams.num_beams)
        vocabulary = decoder.vocabulary
        return cls(
            start=read_tokens("start", options.start or (), vocabulary=vocabulary, least=0),
            stops=Stops.read(options.stop or (), options.stop_sequences or (), vocabulary),
            max_new_tokens=options.max_new_tokens,
            beams=beams,
            sampling=sampling,
            seed=options.seed,
        )

    def single_search(self, begin: Tokens, limit: int, row: int = 0) -> SingleSearch:
        """Return the search of one sequence; ``row`` is the prompt's number, and moves the seed."""
        random = np.random.default_rng(None if self.seed is None else self.seed + row)
        penalty = self.beams.length_penalty
        return SingleSearch(begin, limit, self.stops, self.sampling, random, length_penalty=penalty)

    def search(self, begin: Tokens, limit: int, row: int) -> Search:
        """Return the search of a prompt's sequences, by beams where there are several."""
        if self.beams.num_beams == 1:
            return self.single_search(begin, limit, row)
        penalty = self.sampling.repetition_penalty
        return BeamSearch(begin, limit, self.stops, self.beams, repetition_penalty=penalty)
