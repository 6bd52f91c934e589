"""The gate: may this challenger take over? Both models judge the same parts, check by check."""
