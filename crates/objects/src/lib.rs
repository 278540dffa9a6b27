//! Feeds that are objects of a bucket: `-o s3://bucket/photos-{batch}.jsonl`, `gs://…`, `az://container/…`.
//!
//! Keys, region and endpoint come from the environment, under the names that each provider's own tools use (`AWS_…`,
//! `GOOGLE_…`, `AZURE_…`), and nowhere else: no setting, log line or position ever holds one.

mod bucket;

use std::sync::Arc;

use dragline::error::{Error, Result};
use dragline::feed::{Storage, Store};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{ObjectStore, RetryConfig};

use crate::bucket::Bucket;

/// S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Objects;

impl Storage for Objects {
    fn schemes(&self) -> &'static [(&'static str, &'static str)] {
        &[("s3", "S3Feed"), ("gs", "GcsFeed"), ("az", "AzureFeed")]
    }

    fn store(&self, uri: &str) -> Result<Arc<dyn Store>> {
        let (scheme, rest) = uri.split_once("://").unwrap_or_default();
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.contains('@') {
            let what =
                "names a key: keys belong into the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, …)";
            return Err(Error::setting("feeds.uri", what));
        }
        if bucket.is_empty() || key.is_empty() || bucket.contains('{') {
            let what = format!("= `{uri}` is not `{scheme}://BUCKET/NAME`, the name of an object in a bucket");
            return Err(Error::setting("feeds.uri", what));
        }
        // reqwest takes the provider of the process; whoever set one before keeps it
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store =
            provider(scheme, bucket).map_err(|error| Error::setting("feeds.uri", format!("= `{uri}`: {error}")))?;
        Ok(Arc::new(Bucket { name: format!("{scheme}://{bucket}"), store }))
    }
}

fn provider(scheme: &str, bucket: &str) -> object_store::Result<Arc<dyn ObjectStore>> {
    // the feed backs off by itself, and says that it does
    let retry =
        RetryConfig { max_retries: 2, retry_timeout: std::time::Duration::from_secs(30), ..RetryConfig::default() };
    Ok(match scheme {
        "gs" => Arc::new(GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(retry).build()?),
        "az" => Arc::new(MicrosoftAzureBuilder::from_env().with_container_name(bucket).with_retry(retry).build()?),
        _ => Arc::new(AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry).build()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_that_names_no_object_or_a_key_is_refused() {
        let refused = |uri: &str| Objects.store(uri).err().expect("refused").to_string();
        assert!(refused("s3://bucket").contains("is not `s3://BUCKET/NAME`"));
        assert!(refused("s3://{job}/a.jsonl").contains("is not `s3://BUCKET/NAME`"));
        let text = refused("s3://key:canary@bucket/a.jsonl");
        assert!(text.contains("keys belong into the environment") && !text.contains("canary"), "{text}");
    }
}
