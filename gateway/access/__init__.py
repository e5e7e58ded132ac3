"""Who may call, and how much: API keys, tokens of an issuer, tenants, quotas."""
