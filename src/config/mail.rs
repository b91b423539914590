//! The mailbox from which codes come.

use reqwest::Url;
use secrecy::SecretString;

use super::vars::Vars;

#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// `smtps://` is TLS from the start, `smtp://` is STARTTLS, which the server must have unless it is on this
    /// machine.
    pub url: SecretString,
    /// An address, with or without a name before it.
    pub from: String,
}

pub(super) fn smtp(vars: &mut Vars) -> Option<SmtpConfig> {
    let both = vars.together("e-mail", ["SMTP_URL", "EMAIL_FROM"]);
    let url = vars.parsed("SMTP_URL", "a URL like smtps://user:password@smtp.example.org:465", |text| {
        let url = Url::parse(text).ok()?;
        let is_plain = url.query().is_none() && url.fragment().is_none() && matches!(url.path(), "" | "/");
        (matches!(url.scheme(), "smtp" | "smtps") && url.has_host() && is_plain).then(|| SecretString::from(text))
    });
    let from = vars.parsed("EMAIL_FROM", "an address like Chemstock <codes@example.org>", |text| {
        let address = text.rsplit_once('<').map_or(text, |(_, address)| address.trim_end_matches('>'));
        let (user, host) = address.split_once('@')?;
        (!user.is_empty() && host.contains('.') && !address.contains(char::is_whitespace)).then(|| text.to_owned())
    });
    both.and(Some(SmtpConfig { url: url?, from: from? }))
}
