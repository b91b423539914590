//! Why a code is not sent: told to whoever develops, and to the audit, never to who asks.

use super::{
    holder::Holder,
    sending::{Account, Outlook, Standing},
};
use crate::{
    base::{error::Error, phone::Phone},
    config::{Channel, SignUp},
    messages,
    platform::app::App,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    FixedCode,
    /// 555-01xx, in production.
    ForExamples,
    Disabled,
    NoMailbox,
    Uninvited,
    /// Brings an invitation, but none that is good.
    BadInvitation,
    Stopped,
}

impl Withheld {
    /// Nobody pays for messages to strangers.
    pub fn of(
        app: &App,
        holder: &Holder,
        outlook: &Outlook,
        standing: Standing,
        has_fixed_code: bool,
        brings_invitation: bool,
    ) -> Option<Self> {
        if has_fixed_code {
            Some(Self::FixedCode)
        } else if app.config.is_production() && holder.phone.is_for_examples() && holder.channel != Channel::Email {
            Some(Self::ForExamples)
        } else if outlook.known.account == Account::Disabled {
            Some(Self::Disabled)
        } else if holder.channel == Channel::Email && holder.mailbox.is_none() {
            Some(Self::NoMailbox)
        } else if standing == Standing::Stranger && app.config.sign_up == SignUp::Invite {
            Some(if brings_invitation { Self::BadInvitation } else { Self::Uninvited })
        } else if standing.is_stranger() && outlook.is_stopped {
            Some(Self::Stopped)
        } else {
            None
        }
    }

    /// What is so of the phone.
    pub fn why(self) -> &'static str {
        match self {
            Self::FixedCode => "has a fixed one in TEST_PHONE_NUMBERS",
            Self::ForExamples => "is for examples, and nobody has it",
            Self::Disabled => "has an account that is disabled",
            Self::NoMailbox => "has no mailbox that was proven",
            Self::Uninvited => "has neither an account nor an invitation",
            Self::BadInvitation => "has neither an account nor an invitation, and brings none that is good",
            Self::Stopped => "is among numbers to which sending is stopped",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::FixedCode => "type that one",
            Self::ForExamples => "use a number that somebody has",
            Self::Disabled => "an owner can enable it, at /v1/admin/users",
            Self::NoMailbox => "set one while logged in by phone, at /v1/me/email",
            Self::Uninvited => "invite it into a lab, or set SIGN_UP=open",
            Self::BadInvitation => "it is unknown, too old, used up, revoked, or for another phone",
            Self::Stopped => "`chemstock stops` shows and lifts it",
        }
    }

    /// For the terminal of development.
    pub fn remark(self, phone: &Phone) -> String {
        format!("no code goes to the phone {}, which {}; {}", phone.masked(), self.why(), self.remedy())
    }
}

/// What the client is told less of.
pub fn remark_refusal(app: &App, phone: &Phone, refused: &Error) {
    let phone = phone.masked();
    match refused {
        Error::RateLimited { retry_after } => messages::remark(
            app,
            &format!(
                "no code goes to the phone {phone}: a limit of the phone or of the client's address is reached \
                (MAX_OTP_…, OTP_RESEND_SECONDS, or wrong codes); ask again in {} s",
                retry_after.as_secs() + 1
            ),
        ),
        Error::BudgetSpent { retry_after } => messages::remark(
            app,
            &format!(
                "no code goes to the phone {phone}: a budget (SMS_BUDGET_…) is spent for {} s more",
                retry_after.as_secs() + 1
            ),
        ),
        _ => {}
    }
}
