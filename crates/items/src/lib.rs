//! Pipelines for items: validated, deduplicated.
