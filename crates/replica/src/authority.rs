//! A certificate authority that lives as long as a site does, and the certificate it signs for the site's host.

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DistinguishedName, DnType};
use rcgen::{ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::TlsAcceptor;

/// What a host needs to speak TLS, and what a client needs to trust it.
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    /// The authority's certificate as PEM.
    pub(crate) root: String,
}

/// Makes an authority and a certificate for `host`, with HTTP/2 and HTTP/1.1 on offer.
pub(crate) fn identity(host: &str) -> io::Result<Identity> {
    let root = authority("Dragline replica")?;
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = leaf([host.to_owned()])?.signed_by(&key, &root).map_err(io::Error::other)?;
    let config = config(&certificate, &key, &["h2", "http/1.1"])?;
    Ok(Identity { acceptor: TlsAcceptor::from(config), root: root.pem() })
}

/// What a certificate for these names says; for an authority to sign.
pub(crate) fn leaf(names: impl Into<Vec<String>>) -> io::Result<CertificateParams> {
    let names = names.into();
    let first = names.first().cloned().unwrap_or_default();
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name = named(&first);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// TLS with this certificate, and the protocols on offer, the preferred one first.
pub(crate) fn config(certificate: &Certificate, key: &KeyPair, protocols: &[&str]) -> io::Result<Arc<ServerConfig>> {
    // The provider is named here, for a default of the whole process is the program's to choose.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let key = provider.key_provider.load_private_key(key).map_err(io::Error::other)?;
    // Not `with_single_cert`: it reads the certificate, and refuses one of over 64 KiB.
    let identity = SingleCertAndKey::from(CertifiedKey::new(vec![certificate.der().clone()], key));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(identity));
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(Arc::new(config))
}

/// A root that signs others.
pub(crate) fn authority(name: &str) -> io::Result<CertifiedIssuer<'static, KeyPair>> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    CertifiedIssuer::self_signed(signing(name), key).map_err(io::Error::other)
}

/// What the certificate of an authority says.
pub(crate) fn signing(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}
