"""The Semblant SDK and command line."""
