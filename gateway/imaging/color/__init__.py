"""Color spaces, transfer, relighting, tone mapping and the skin model."""
