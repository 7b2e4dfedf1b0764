"""Documents: exported records as pages that a person would hand on."""
