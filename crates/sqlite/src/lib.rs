//! Feeds that are tables of a SQLite database.
