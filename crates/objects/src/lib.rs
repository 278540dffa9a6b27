//! Feeds that are objects of S3, Google Cloud Storage or Azure.
