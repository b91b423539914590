//! An answer that is written while its rows are read. A part is read when the reader has taken the one before, so that
//! a slow reader costs neither memory nor a connection to Postgres. It goes by no layer that keeps or hashes a body.
//!
//! What fails before the first byte is a problem. What fails later cuts the body off: HTTP tells its reader that the
//! end is missing, and nobody takes a part for the whole.

use std::{borrow::Cow, pin::Pin, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use crate::base::error::{Error, Result};

/// From the first byte to the last.
const LONGEST: Duration = Duration::from_mins(5);

/// What a browser saves the answer as.
#[derive(Debug, Clone)]
pub struct File {
    pub name: Cow<'static, str>,
    pub content_type: &'static str,
}

type Parts = Pin<Box<dyn Stream<Item = Result<Vec<u8>>> + Send>>;

/// Answers once the first part is there.
pub async fn streamed(file: File, parts: impl Stream<Item = Result<Vec<u8>>> + Send + 'static) -> Result<Response> {
    let body = body(Box::pin(parts), LONGEST).await?;
    let saved_as = HeaderValue::try_from(saved_as(&file.name));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.content_type)),
        (header::CONTENT_DISPOSITION, saved_as.map_err(|cause| Error::Internal(cause.into()))?),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((headers, body).into_response())
}

/// RFC 6266: a name in ASCII, and beside it the name itself where that is another.
fn saved_as(name: &str) -> String {
    let is_plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    if plain == name {
        return format!("attachment; filename=\"{name}\"");
    }
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = name.bytes().map(|it| if is_kept(it) { char::from(it).to_string() } else { format!("%{it:02X}") });
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", encoded.collect::<String>())
}

/// Whoever has read so far must not take it for the whole.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut off")]
struct Cut;

enum Progress {
    Reading(Parts),
    CutOff,
}

async fn body(mut parts: Parts, longest: Duration) -> Result<Body> {
    let ends_at = Instant::now() + longest;
    let first = parts.next().await.transpose()?;
    let rest = stream::unfold(Progress::Reading(parts), move |progress| async move {
        // A layer that compresses may keep back an error once, and then asks again.
        let Progress::Reading(mut parts) = progress else { return Some((Err(Cut), Progress::CutOff)) };
        match timeout_at(ends_at, parts.next()).await {
            Ok(Some(Ok(part))) => Some((Ok(part), Progress::Reading(parts))),
            Ok(Some(Err(cause))) => Some((Err(cut(&cause)), Progress::CutOff)),
            Ok(None) => None,
            Err(_) => {
                let cause = Error::Internal(anyhow::anyhow!("it took longer than {longest:?}"));
                Some((Err(cut(&cause)), Progress::CutOff))
            }
        }
    });
    // A layer may ask once more after the end, too.
    Ok(Body::from_stream(stream::iter(first.map(Ok)).chain(rest).fuse()))
}

fn cut(cause: &Error) -> Cut {
    tracing::warn!(cause = cause as &dyn std::error::Error, "an answer was cut off");
    Cut
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use http_body_util::BodyExt as _;

    use super::*;

    /// Numbers, and how many of them were read.
    fn numbers(fails_at: usize) -> (Parts, Arc<AtomicUsize>) {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = read.clone();
        let parts = stream::iter(0..10).map(move |n| {
            counted.fetch_add(1, Ordering::Relaxed);
            if n == fails_at { Err(Error::NotFound("row")) } else { Ok(n.to_string().into_bytes()) }
        });
        (Box::pin(parts), read)
    }

    #[tokio::test]
    async fn a_part_is_read_when_the_one_before_was_taken() {
        let (parts, read) = numbers(usize::MAX);
        let mut body = body(parts, LONGEST).await.unwrap();
        for taken in 1..=10 {
            let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!((part, read.load(Ordering::Relaxed)), ((taken - 1).to_string().into(), taken));
        }
        assert!(body.frame().await.is_none() && body.frame().await.is_none());
    }

    #[tokio::test]
    async fn what_fails_before_the_first_part_is_no_answer_and_what_fails_later_no_quiet_end() {
        assert!(matches!(body(numbers(0).0, LONGEST).await, Err(Error::NotFound("row"))));
        let mut body = body(numbers(2).0, LONGEST).await.unwrap();
        for taken in ["0", "1"] {
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), taken);
        }
        assert!(body.frame().await.unwrap().is_err());
        assert!(body.frame().await.unwrap().is_err(), "also to who asks once more");
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_cut_off() {
        let parts = stream::iter([Ok(b"first".to_vec())]).chain(stream::pending());
        let body = body(Box::pin(parts), Duration::from_millis(20)).await.unwrap();
        assert!(body.collect().await.is_err());
    }

    #[test]
    fn a_file_is_saved_under_its_own_name_also_where_a_header_cannot_have_it() {
        assert_eq!(saved_as("a list.csv"), "attachment; filename=\"a list.csv\"");
        let odd = "attachment; filename=\"M_rz _1_.csv\"; filename*=UTF-8''M%C3%A4rz%20%221%22.csv";
        assert_eq!(saved_as("M\u{e4}rz \"1\".csv"), odd);
        assert_eq!(saved_as("a\r\nb"), "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab");
    }

    #[tokio::test]
    async fn nothing_at_all_is_an_empty_answer() {
        let body = body(Box::pin(stream::empty()), LONGEST).await.unwrap();
        assert!(body.collect().await.unwrap().to_bytes().is_empty());
    }
}
