"""Where networks are met: one Protocol, and the implementations behind it."""
