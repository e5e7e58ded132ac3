"""Third-party models that analyse or generate pixels: their inputs and outputs in our arrays.

An adapter takes uint8 RGB crops (N, S, S, 3) and gives what their network says of them; the rows of
a call travel as one request. Names are those of the models' files, inputs go by name and outputs
by their position, as their authors' own programs read them.
"""
