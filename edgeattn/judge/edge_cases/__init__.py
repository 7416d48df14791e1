"""What users meet besides the samples: sizes, padding and values at the ends of the contract."""
