//! TLS by files: the server's certificate and key, and whose clients are let in.

use super::config::Tls;
use crate::fault::invalid;
use crate::os;
use anyhow::{Context, Result};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// How a server speaks TLS: 1.2 and 1.3, with the library's own choice of ciphers.
pub fn server(tls: &Tls) -> Result<Arc<ServerConfig>> {
    let chain = certificates(&tls.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&os::read_private(&tls.key)?)
        .map_err(|error| refused(&tls.key, "a private key", error))?;
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?;
    let builder = match &tls.clients {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| refused(path, "a certificate", error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.context("clients' certificates cannot be checked")?)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| refused(&tls.certificate, "its key's", error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let bytes = os::read(path, os::SMALL_FILE_BYTES_MAX)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let all = all.map_err(|error| refused(path, "certificates", error))?;
    if all.is_empty() {
        return Err(invalid("tls", format!("`{}` holds no certificate in PEM", path.display())).into());
    }
    Ok(all)
}

fn refused(path: &Path, what: &str, error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    invalid("tls", format!("`{}` is not {what}", path.display())).source(error).into()
}
