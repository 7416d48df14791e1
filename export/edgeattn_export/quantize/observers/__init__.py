"""How far a value reaches that is quantized by one step: from histograms, in bounded memory."""
