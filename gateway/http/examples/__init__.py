"""Examples shown in the OpenAPI document."""
