//! Feeds and stores of pictures that are objects of a bucket: `-o s3://bucket/photos-{batch}.jsonl`,
//! `store = "s3://bucket/photos"`, and the same with `gs://…` and `az://container/…`.
//!
//! Keys, region and endpoint come from the environment, under the names that each provider's own tools use (`AWS_…`,
//! `GOOGLE_…`, `AZURE_…`), and nowhere else: no setting, log line or position ever holds one.

mod bucket;
mod feed;
mod keep;

use std::sync::Arc;

use dragline::error::{Error, Result};
use dragline::feed::Storage;
use dragline_store::{Backend, Options};

use crate::bucket::Address;
use crate::keep::Keep;

/// S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Objects;

impl Storage for Objects {
    fn schemes(&self) -> &'static [(&'static str, &'static str)] {
        &[("s3", "S3Feed"), ("gs", "GcsFeed"), ("az", "AzureFeed")]
    }

    fn store(&self, uri: &str) -> Result<Arc<dyn dragline::feed::Store>> {
        let address = Address::of(uri).map_err(|what| Error::setting("feeds.uri", what))?;
        if address.rest.is_empty() {
            let what =
                format!("= `{uri}` is not `{}://BUCKET/NAME`, the name of an object in a bucket", address.scheme);
            return Err(Error::setting("feeds.uri", what));
        }
        let bucket = address.bucket().map_err(|error| Error::setting("feeds.uri", format!("= `{uri}`: {error}")))?;
        Ok(Arc::new(bucket))
    }
}

impl Backend for Objects {
    fn schemes(&self) -> &'static [&'static str] {
        &["s3", "gs", "az"]
    }

    /// `s3://BUCKET/PREFIX?cache_control=max-age=86400`: what browsers may do with an object is two days (Scrapy's) unless
    /// it is said; said and empty, it is nothing.
    fn store(&self, uri: &str, _options: &Options) -> Result<Arc<dyn dragline_store::Store>, String> {
        let address = Address::of(uri).map_err(|what| format!("`{}` {what}", without_keys(uri)))?;
        Ok(Arc::new(Keep::of(&address)?))
    }
}

/// A URI for a message.
fn without_keys(uri: &str) -> String {
    match (uri.split_once("://"), uri.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_that_names_no_object_or_a_key_is_refused() {
        let refused = |uri: &str| Storage::store(&Objects, uri).err().expect("refused").to_string();
        assert!(refused("s3://bucket").contains("is not `s3://BUCKET/NAME`"));
        assert!(refused("s3://{job}/a.jsonl").contains("names no bucket"));
        let text = refused("s3://key:canary@bucket/a.jsonl");
        assert!(text.contains("keys belong into the environment") && !text.contains("canary"), "{text}");
    }

    #[test]
    fn a_store_is_a_bucket_or_a_folder_in_it() {
        let store = |uri: &str| Backend::store(&Objects, uri, &Options::default());
        let shown = |uri: &str| store(uri).map(|store| store.to_string());
        assert_eq!(shown("s3://bucket").as_deref(), Ok("s3://bucket"));
        assert_eq!(shown("s3://bucket/a/b/?cache_control=").as_deref(), Ok("s3://bucket/a/b"));
        for (uri, why) in [
            ("s3://id:canary@bucket/a", "`s3://…@bucket/a` names a key"),
            ("s3:///a", "names no bucket"),
            ("s3://bucket/../a", "cannot be the name of an object"),
            ("s3://bucket/a?acl=private", "`acl` is no option of a bucket (known: cache_control)"),
        ] {
            let text = store(uri).err().expect("refused");
            assert!(text.contains(why) && !text.contains("canary"), "{text}");
        }
    }
}
