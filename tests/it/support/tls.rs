//! TLS under the private authority of `tests/data/tls`, for servers on the loopback.

use std::{path::PathBuf, sync::Arc};

use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs},
};

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

pub fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

/// The path of the certificate of the authority.
pub fn authority() -> String {
    file("ca.pem").to_str().expect("UTF-8").to_owned()
}

/// As `localhost` and 127.0.0.1.
pub fn acceptor() -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(file("server.pem")).expect("a file").collect::<Result<_, _>>();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain.expect("certificates"), key);
    TlsAcceptor::from(Arc::new(config.expect("a certificate with its key")))
}

/// Puts TLS before a server that has none, and says on which port.
pub async fn in_front_of(address: String) -> u16 {
    relay(address, false).await
}

/// Before a Postgres: a client asks for TLS in eight bytes of the clear, and `S` is yes.
pub async fn in_front_of_postgres(address: String) -> u16 {
    relay(address, true).await
}

async fn relay(address: String, is_postgres: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (port, acceptor) = (listener.local_addr().expect("an address").port(), acceptor());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (acceptor, address) = (acceptor.clone(), address.clone());
            tokio::spawn(async move {
                if is_postgres {
                    let mut asks_for_tls = [0; 8];
                    stream.read_exact(&mut asks_for_tls).await?;
                    stream.write_all(b"S").await?;
                }
                let mut outside = acceptor.accept(stream).await?;
                let mut inside = TcpStream::connect(address).await?;
                copy_bidirectional(&mut outside, &mut inside).await
            });
        }
    });
    port
}
