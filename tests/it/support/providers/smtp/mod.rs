//! A mail server on the loopback, line by line (RFC 5321, RFC 4954), that takes mail for submission. It can refuse
//! every step, hang up, or be silent; and what is not as the RFCs have it is refused by itself.

use std::sync::{Arc, Mutex};

use super::super::tls::{Stream, acceptor};
use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

pub mod reader;

pub const USER: &str = "codes@chem.example";
pub const PASSWORD: &str = "p+a%s/s:w@rd é";

/// Where the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Connect,
    Hello,
    StartTls,
    Login,
    Sender,
    Recipient,
    Data,
    /// After the text.
    Content,
    Quit,
}

#[derive(Debug, Clone)]
pub enum Fault {
    /// Instead of what is usual there.
    Says(String),
    HangsUp,
    Silent,
    /// A line that does not end before the server hangs up.
    Endless,
}

/// With a certificate of the tests' own authority.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tls {
    #[default]
    None,
    /// Is offered, and then nothing of it comes.
    Promised,
    Offered,
    FromTheStart,
}

#[derive(Default)]
pub struct Ways {
    pub tls: Tls,
    pub offers_no_login: bool,
    pub needs_login: bool,
    pub fault: Option<(Step, Fault)>,
}

pub struct MailServer {
    pub port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    ways: Ways,
    said: Mutex<Vec<String>>,
    taken: Mutex<Vec<Taken>>,
}

#[derive(Debug, Clone)]
pub struct Taken {
    pub logged_in: bool,
    pub sender: String,
    pub recipient: String,
    /// As it came, without the dots that SMTP puts in.
    pub text: String,
}

impl MailServer {
    pub async fn start(ways: Ways) -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let inner = Arc::new(Inner { ways, said: Mutex::default(), taken: Mutex::default() });
        let served = inner.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served = served.clone();
                tokio::spawn(async move { Session::begin(&served, stream).await });
            }
        });
        Self { port, inner }
    }

    /// What was said to it, a line each, without mails.
    pub fn said(&self) -> Vec<String> {
        self.inner.said.lock().unwrap().clone()
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.inner.taken.lock().unwrap().clone()
    }

    #[track_caller]
    pub fn last(&self) -> Taken {
        self.taken().pop().expect("nobody has sent anything")
    }
}

struct Session<'a> {
    server: &'a Inner,
    stream: BufReader<Box<dyn Stream>>,
    greeted: bool,
    logged_in: bool,
    sender: Option<String>,
    recipient: Option<String>,
}

impl<'a> Session<'a> {
    fn new(server: &'a Inner, stream: Box<dyn Stream>) -> Self {
        let stream = BufReader::new(stream);
        Self { server, stream, greeted: false, logged_in: false, sender: None, recipient: None }
    }

    /// None once it is over.
    async fn begin(server: &'a Inner, stream: TcpStream) -> Option<()> {
        let mut session = Self::new(server, Box::new(stream));
        if server.ways.tls == Tls::FromTheStart {
            session = session.encrypted().await?;
        }
        session.answer(Step::Connect, "220 mail.chem.example ESMTP").await?;
        loop {
            session.converse().await?;
            session = session.encrypted().await?;
        }
    }

    /// What was said before counts no more (RFC 3207 section 4.2).
    async fn encrypted(self) -> Option<Self> {
        let stream = acceptor().accept(self.stream.into_inner()).await.ok()?;
        self.server.said.lock().unwrap().push("<TLS>".to_owned());
        Some(Self::new(self.server, Box::new(stream)))
    }

    /// Until TLS is to begin.
    async fn converse(&mut self) -> Option<()> {
        loop {
            let line = self.line().await?;
            self.server.said.lock().unwrap().push(line.clone());
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb {
                "EHLO" => self.hello(rest).await?,
                "STARTTLS" if self.server.ways.tls == Tls::Offered => {
                    return self.answer(Step::StartTls, "220 2.0.0 Go ahead").await;
                }
                "STARTTLS" if self.server.ways.tls == Tls::Promised => self.start_tls().await?,
                "AUTH" => self.login(rest).await?,
                "MAIL" => self.sender(rest).await?,
                "RCPT" => self.recipient(rest).await?,
                "DATA" => self.data(rest).await?,
                "QUIT" => {
                    self.answer(Step::Quit, "221 2.0.0 Bye").await?;
                    return None;
                }
                _ => self.say("502 5.5.2 Command not known").await?,
            }
        }
    }

    async fn hello(&mut self, name: &str) -> Option<()> {
        self.greeted = name.contains('.') && !name.contains(' ');
        let ways = &self.server.ways;
        let mut lines = vec!["250-mail.chem.example", "250-SIZE 1000000", "250-ENHANCEDSTATUSCODES"];
        if matches!(ways.tls, Tls::Promised | Tls::Offered) {
            lines.push("250-STARTTLS");
        }
        if !ways.offers_no_login {
            lines.push("250-AUTH PLAIN LOGIN");
        }
        lines.push("250 HELP");
        let usual = if self.greeted { lines.join("\r\n") } else { "501 5.5.4 Who?".to_owned() };
        self.answer(Step::Hello, &usual).await
    }

    /// And then speaks none.
    async fn start_tls(&mut self) -> Option<()> {
        self.answer(Step::StartTls, "220 2.0.0 Go ahead").await?;
        let mut hello = [0; 6];
        self.stream.read_exact(&mut hello).await.ok()?;
        // A handshake (22) that begins with a ClientHello (1).
        let is_tls = hello[0] == 22 && hello[5] == 1;
        self.server.said.lock().unwrap().push(if is_tls { "<ClientHello>" } else { "<noise>" }.to_owned());
        self.say("500 what?").await
    }

    async fn login(&mut self, rest: &str) -> Option<()> {
        let expected = format!("PLAIN {}", STANDARD.encode(format!("\0{USER}\0{PASSWORD}")));
        self.logged_in = self.greeted && rest == expected;
        let usual = if self.logged_in { "235 2.7.0 Welcome" } else { "535 5.7.8 Authentication failed" };
        self.answer(Step::Login, usual).await
    }

    async fn sender(&mut self, rest: &str) -> Option<()> {
        let ways = &self.server.ways;
        if ways.needs_login && !self.logged_in {
            return self.say("530 5.7.0 Authentication required").await;
        }
        self.sender = path(rest, "FROM:").filter(|_| self.greeted);
        let usual = if self.sender.is_some() { "250 2.1.0 Ok" } else { "501 5.5.4 Syntax" };
        self.answer(Step::Sender, usual).await
    }

    async fn recipient(&mut self, rest: &str) -> Option<()> {
        self.recipient = path(rest, "TO:").filter(|_| self.sender.is_some());
        let usual = if self.recipient.is_some() { "250 2.1.5 Ok" } else { "503 5.5.1 Sequence" };
        self.answer(Step::Recipient, usual).await
    }

    async fn data(&mut self, rest: &str) -> Option<()> {
        let (Some(sender), Some(recipient), "") = (self.sender.take(), self.recipient.take(), rest) else {
            return self.say("503 5.5.1 Sequence").await;
        };
        self.answer(Step::Data, "354 End with a dot").await?;
        let mut text = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                break;
            }
            // 998 is the most that a mail may have in a line (RFC 5322 section 2.1.1); we offer no 8BITMIME.
            assert!(line.len() <= 998 && line.is_ascii(), "{line}");
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        self.server.taken.lock().unwrap().push(Taken { logged_in: self.logged_in, sender, recipient, text });
        self.answer(Step::Content, "250 2.0.0 Queued as 4bQ1").await
    }

    /// Ends in CR LF, and has no other (RFC 5321 section 2.3.8).
    async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).await.ok()?;
        let line = String::from_utf8(line).ok()?;
        let line = line.strip_suffix("\r\n")?;
        (!line.contains('\r')).then(|| line.to_owned())
    }

    async fn answer(&mut self, step: Step, usual: &str) -> Option<()> {
        match self.server.ways.fault.clone().filter(|(at, _)| *at == step) {
            None => self.say(usual).await,
            Some((_, Fault::Says(other))) => self.say(&other).await,
            Some((_, Fault::HangsUp)) => None,
            Some((_, Fault::Silent)) => std::future::pending().await,
            Some((_, Fault::Endless)) => {
                // Bounded all the same.
                for _ in 0..1_000 {
                    self.stream.get_mut().write_all(&[b'2'; 4096]).await.ok()?;
                }
                None
            }
        }
    }

    async fn say(&mut self, reply: &str) -> Option<()> {
        self.stream.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await.ok()
    }
}

/// A path without parameters, as we offer no extension that has any: `FROM:<codes@chem.example>`.
fn path(rest: &str, keyword: &str) -> Option<String> {
    let address = rest.strip_prefix(keyword)?.strip_prefix('<')?.strip_suffix('>')?;
    let is_address = address.split('@').count() == 2 && address.is_ascii() && !address.contains([' ', '<', '>']);
    is_address.then(|| address.to_owned())
}
