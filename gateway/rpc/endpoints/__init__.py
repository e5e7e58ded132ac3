"""One file per rpc."""
