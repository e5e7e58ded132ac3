"""How well faces are fused: a grid of real pairs and variants, figures and contact sheets."""
