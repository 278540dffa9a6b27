//! Whom to trust: Mozilla's roots, and those that the settings name.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use serde::{Deserialize, Serialize};

use super::ClientError;

/// `[tls]`: whom to trust. What is spoken is TLS 1.2 or 1.3.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// PEM files of root certificates to trust beside those of Mozilla.
    pub roots: Vec<PathBuf>,
    /// Whether certificates must be trusted; for single hosts, `[hosts."NAME"] verify = false` says otherwise.
    pub verify: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { roots: Vec::new(), verify: true }
    }
}

/// What TLS configurations are made of.
#[derive(Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    verify: bool,
}

impl Trust {
    /// # Errors
    /// If a root certificate cannot be read.
    pub(super) fn read(tls: &Tls) -> Result<Self, ClientError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
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
        Ok(Self { provider, roots: Arc::new(roots), verify: tls.verify })
    }

    /// TLS for a client: rustls with ring; HTTP/2 by ALPN if it may be spoken.
    pub(super) fn config(&self, verify: bool, http2: bool) -> Result<ClientConfig, ClientError> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|cause| ClientError::Root { path: "ring".to_owned(), what: cause.to_string() })?;
        let mut config = if verify && self.verify {
            builder.with_root_certificates(self.roots.clone()).with_no_client_auth()
        } else {
            let verifier = Arc::new(Anybody(self.provider.clone()));
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        };
        config.alpn_protocols = match http2 {
            true => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            false => vec![b"http/1.1".to_vec()],
        };
        Ok(config)
    }
}

/// Trusts any certificate, because the operator said so; the handshake must still be that of the certificate's owner.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
