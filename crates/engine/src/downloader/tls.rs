//! Whom to trust: Mozilla's roots, and those that the settings name.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use super::ClientError;

/// `[tls]`: whom to trust.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// PEM files of root certificates to trust beside those of Mozilla.
    pub roots: Vec<PathBuf>,
}

/// The client's TLS: rustls with ring, HTTP/2 and HTTP/1.1 by ALPN.
pub(super) fn trust(tls: &Tls) -> Result<rustls::ClientConfig, ClientError> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for path in &tls.roots {
        let error = |what: String| ClientError::Root { path: path.display().to_string(), what };
        let pem = std::fs::read(path).map_err(|cause| error(format!("cannot be read: {cause}")))?;
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|cause| error(format!("is not PEM: {cause:?}")))?;
            roots.add(certificate).map_err(|cause| error(format!("holds a bad certificate: {cause}")))?;
            found += 1;
        }
        if found == 0 {
            return Err(error("holds no certificate".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| ClientError::Root { path: "ring".to_owned(), what: cause.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
