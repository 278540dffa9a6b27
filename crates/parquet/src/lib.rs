//! Feeds that are Parquet files.
