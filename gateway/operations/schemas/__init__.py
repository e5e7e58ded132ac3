"""The JSON of answers, a model each."""
