//! Certificate authorities of one's own, such as those of a company's mail relay, believed beside the public ones.

use std::{fs, path::PathBuf, sync::Arc};

use rustls_pki_types::{CertificateDer, pem::PemObject};

use super::vars::Vars;

const NAME: &str = "EXTRA_CA_CERTS";

#[derive(Debug, Clone)]
pub enum Authorities {
    /// Read when something is to be connected, so that a file may be put in place after the configuration was checked.
    File(PathBuf),
    Pem(Arc<str>),
}

impl Authorities {
    /// The certificates, in PEM, or what is wrong with them.
    pub fn load(&self) -> Result<Arc<str>, String> {
        let pem = match self {
            Self::File(path) => fs::read_to_string(path)
                .map_err(|cause| format!("{NAME}: {} cannot be read: {cause}", path.display()))?
                .into(),
            Self::Pem(pem) => pem.clone(),
        };
        if are_certificates(&pem) { Ok(pem) } else { Err(format!("{NAME} holds no certificate in PEM")) }
    }
}

pub(super) fn read(vars: &mut Vars) -> Option<Authorities> {
    let text = vars.text(NAME)?;
    if !text.contains("-----BEGIN") {
        return Some(Authorities::File(text.into()));
    }
    let pem = text.replace("\\n", "\n");
    if are_certificates(&pem) {
        return Some(Authorities::Pem(pem.into()));
    }
    vars.problem(NAME, "is malformed", "give the path of a PEM file of certificates, or what stands in one");
    None
}

/// One at least, and each good for an authority.
fn are_certificates(pem: &str) -> bool {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let is_good = |certificate: &CertificateDer<'_>| webpki::anchor_from_trusted_cert(certificate).is_ok();
    all.is_ok_and(|all| !all.is_empty() && all.iter().all(is_good))
}
