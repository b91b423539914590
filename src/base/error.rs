//! What can go wrong, without a word of HTTP: `web/problem.rs` is the only place that turns an [`Error`] into an
//! answer.

use std::time::Duration;

use chemistry::Quantity;
use uuid::Uuid;

use super::enumeration::Unknown;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not for the caller to see.
    #[error("{0} not found")]
    NotFound(&'static str),
    #[error("no access token was sent")]
    NoToken,
    /// Says why to the log, never to the caller.
    #[error("the access token is not valid: {0}")]
    BadToken(String),
    /// The name of the part of the path that is not UTF-8.
    #[error("`{0}` in the path is not UTF-8")]
    PathNotUtf8(String),
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("{} field(s) refused", .0.len())]
    Invalid(Vec<Field>),
    /// A business rule says no.
    #[error("{0}")]
    Rejected(Rejection),
    /// The resource changed since the caller read it.
    #[error("the resource has changed since it was read")]
    Stale,
    /// Something is there, and the caller has not said which version of it was read.
    #[error("the version that was read is required")]
    VersionRequired,
    #[error("too many requests")]
    RateLimited { retry_after: Duration },
    /// What may be spent on messages is spent for a while.
    #[error("the budget for messages is spent")]
    BudgetSpent { retry_after: Duration },
    /// We ask somebody else so often and no more; the answer that it takes may come the next time.
    #[error("asked just now")]
    Paused { retry_after: Duration },
    #[error("{service} is not available: {cause}")]
    Unavailable { service: &'static str, cause: String },
    /// Another instance, of a newer version, can read the row.
    #[error("a newer version has written it")]
    Newer(#[source] Unknown),
    #[error("database")]
    Database(#[source] sqlx::Error),
    #[error("internal")]
    Internal(#[from] anyhow::Error),
}

/// One refused field of a request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Field {
    /// JSON pointer (RFC 6901) into the body, `?name` for a query parameter, or the name of a header.
    #[schema(example = "/amount/value")]
    pub pointer: String,
    #[schema(example = "must be a decimal string such as \"12.5\"")]
    pub detail: String,
}

impl Field {
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// A refusal with its reason and, for a bottle, what may be done instead.
#[derive(Debug)]
pub struct Rejection {
    pub reason: Reason,
    pub detail: String,
    /// The field to mend, when it is one.
    pub pointer: Option<&'static str>,
    /// Few refusals have any.
    pub members: Option<Box<Members>>,
}

/// What a client can act on without reading the detail.
#[derive(Debug, Default)]
pub struct Members {
    /// What may be done instead.
    pub allowed_actions: Option<Vec<&'static str>>,
    /// The event that has to be undone first.
    pub blocked_by: Option<Uuid>,
    /// What is left in the container.
    pub left: Option<Quantity>,
    /// The values of the chemical without which an amount cannot be converted.
    pub missing: Vec<&'static str>,
}

impl Rejection {
    pub fn members(&mut self) -> &mut Members {
        self.members.get_or_insert_default()
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

macro_rules! reasons {
    ($($name:ident),* $(,)?) => {
        /// Every business refusal: the catalogue of problem types.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Reason { $($name),* }

        impl Reason {
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

reasons! {
    AlreadyMember,
    AppCheckRefused,
    BatchRejected,
    CallbackRefused,
    CasTaken,
    ChemicalInUse,
    CodeRefused,
    CodeTaken,
    EmailOff,
    EventNotAllowed,
    FirebaseOff,
    FirebaseTokenRefused,
    FirebaseUserUnknown,
    FreshLoginRequired,
    HolderRefused,
    IdTaken,
    IdempotencyKeyReused,
    ImportRuns,
    Inconvertible,
    InvitationRefused,
    InvitationRequired,
    JobState,
    LastAdmin,
    LastOwner,
    LocationCycle,
    LocationInUse,
    LocationKind,
    NameTaken,
    NoTable,
    NotEnough,
    NotReversible,
    NumberTaken,
    PhoneRefused,
    PhoneRequired,
    PhoneTaken,
    RefreshTokenRefused,
    SessionRequired,
    StillRunning,
}

impl Reason {
    pub fn because(self, detail: impl Into<String>) -> Error {
        Error::Rejected(Rejection { reason: self, detail: detail.into(), pointer: None, members: None })
    }

    /// A refusal that one field would have to change for.
    pub fn at(self, pointer: &'static str, detail: impl Into<String>) -> Error {
        let (detail, pointer) = (detail.into(), Some(pointer));
        Error::Rejected(Rejection { reason: self, detail, pointer, members: None })
    }
}

impl Error {
    /// Adds to a refusal what a client can act on; any other failure stays as it is.
    #[must_use]
    pub fn with(mut self, add: impl FnOnce(&mut Members)) -> Self {
        if let Self::Rejected(rejection) = &mut self {
            add(rejection.members());
        }
        self
    }

    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Field::new(pointer, detail)])
    }
}

impl Error {
    /// Whether Postgres or a rule says no to what was sent, and nothing was written: something else may go in. A system
    /// that fails (58) or is damaged (XX) says nothing of what was sent, and one that is away has an error of its own.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Rejected(_) | Self::Invalid(_) => true,
            Self::Database(sqlx::Error::Database(why)) => {
                !why.code().is_some_and(|code| ["58", "XX"].iter().any(|class| code.starts_with(class)))
            }
            _ => false,
        }
    }

    /// Whether it is the violation of the constraint of this name.
    pub fn violates(&self, constraint: &str) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(violation)) if violation.constraint() == Some(constraint))
    }
}

/// Whether an SQLSTATE says that nothing was done and a repeat may well succeed: the server stops, starts, has become a
/// replica or is out of room for now, or two waited for each other.
pub fn is_away(sqlstate: &str) -> bool {
    // 57014 is our own limit of time; 25006 a write on a server that became read-only.
    const SINGLE: [&str; 5] = ["40P01", "40001", "55P03", "57014", "25006"];
    // Connections (08), resources such as connections or memory (53), and the operator (57P).
    SINGLE.contains(&sqlstate) || ["08", "53", "57P"].iter().any(|class| sqlstate.starts_with(class))
}

impl From<sqlx::Error> for Error {
    /// A pool that gives no connection in time is a service that is away, not a defect of ours; nor is it one that two
    /// who wait for each other are told to come again.
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable { service: "database", cause: error.to_string() }
            }
            // Whoever took the connection closed it before Postgres had it, as a balancer without a server does.
            sqlx::Error::Protocol(why) if why.starts_with("unexpected response from SSLRequest") => {
                Self::Unavailable { service: "database", cause: why }
            }
            sqlx::Error::Database(why) if why.code().is_some_and(|code| is_away(&code)) => {
                Self::Unavailable { service: "database", cause: why.message().to_owned() }
            }
            sqlx::Error::ColumnDecode { source, index } => match source.downcast::<Unknown>() {
                Ok(unknown) => Self::Newer(*unknown),
                Err(source) => Self::Database(sqlx::Error::ColumnDecode { source, index }),
            },
            other => Self::Database(other),
        }
    }
}

/// Turns the violation of a named constraint into the refusal it stands for, beside the query:
/// `.on_constraint("locations_name_key", || Reason::NameTaken.because("..."))`.
pub trait OnConstraint<T> {
    fn on_constraint(self, name: &str, refusal: impl FnOnce() -> Error) -> Result<T>;
}

impl<T, E: Into<Error>> OnConstraint<T> for std::result::Result<T, E> {
    fn on_constraint(self, name: &str, refusal: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|error| match error.into() {
            violation if violation.violates(name) => refusal(),
            other => other,
        })
    }
}
