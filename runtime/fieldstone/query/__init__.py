"""ObjectQL and expressions as values: no SQL, no I/O."""
