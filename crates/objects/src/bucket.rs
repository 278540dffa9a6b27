//! One bucket: whole objects go in, large ones in parts that appear as one.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::buffered::BufWriter;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{Attributes, ObjectStore, RetryConfig};
use tokio::io::AsyncWriteExt;

/// A bucket of any provider.
pub(crate) struct Bucket {
    /// `s3://bucket`
    pub(crate) name: String,
    pub(crate) store: Arc<dyn ObjectStore>,
}

/// A URI taken apart: `s3`, `bucket`, and what is behind it.
pub(crate) struct Address<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) bucket: &'a str,
    pub(crate) rest: &'a str,
}

impl<'a> Address<'a> {
    /// Takes a URI apart.
    ///
    /// # Errors
    /// If it holds a key, which belongs into the environment, or names no bucket.
    pub(crate) fn of(uri: &'a str) -> Result<Self, &'static str> {
        let (scheme, rest) = uri.split_once("://").unwrap_or_default();
        let (bucket, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if bucket.contains('@') {
            return Err(
                "names a key: keys belong into the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, …)",
            );
        }
        if bucket.is_empty() || bucket.contains('{') {
            return Err("names no bucket");
        }
        Ok(Self { scheme, bucket, rest: rest.trim_start_matches('/') })
    }

    /// The bucket, by what the environment says of its provider. Touches no network.
    ///
    /// # Errors
    /// What the environment lacks.
    pub(crate) fn bucket(&self) -> object_store::Result<Bucket> {
        // reqwest takes the provider of the process; whoever set one before keeps it
        let _ = rustls::crypto::ring::default_provider().install_default();
        // whoever crawls backs off by himself, and says that he does
        let retry = RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(30), ..RetryConfig::default() };
        let name = self.bucket;
        let store: Arc<dyn ObjectStore> = match self.scheme {
            "gs" => Arc::new(GoogleCloudStorageBuilder::from_env().with_bucket_name(name).with_retry(retry).build()?),
            "az" => Arc::new(MicrosoftAzureBuilder::from_env().with_container_name(name).with_retry(retry).build()?),
            _ => Arc::new(AmazonS3Builder::from_env().with_bucket_name(name).with_retry(retry).build()?),
        };
        Ok(Bucket { name: format!("{}://{name}", self.scheme), store })
    }
}

impl Bucket {
    /// Puts a file over what is there.
    pub(crate) async fn upload(
        &self,
        key: Key,
        file: &Path,
        attributes: Attributes,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut file = tokio::fs::File::open(file).await?;
        // up to 10 MiB in one request; more in parts, which are nothing until the last of them
        let mut object = BufWriter::new(self.store.clone(), key).with_attributes(attributes);
        match tokio::io::copy(&mut file, &mut object).await {
            Ok(_) => Ok(object.shutdown().await?),
            Err(error) => {
                // parts that are left cost money
                let _ = object.abort().await;
                Err(error.into())
            }
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
