//! The header `Host` (RFC 9112 section 3.2). An HTTP/1.1 request without one, or with two, is ambiguous: a proxy in
//! front may have taken it for another host. So it is refused.

use axum::{
    extract::Request,
    http::{HeaderMap, Version, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    catalogue::general,
    observe::X_REQUEST_ID,
    problem::{Problem, finish},
};

pub async fn require_host(request: Request, next: Next) -> Response {
    if is_good(request.version(), request.headers()) {
        return next.run(request).await;
    }
    let problem = Problem::new(general::MALFORMED).detail("a request has one header Host, with the name of the server");
    finish(problem.into_response(), request.headers().get(X_REQUEST_ID))
}

/// An empty one is allowed. HTTP/2 names the server elsewhere.
fn is_good(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).into_iter();
    let is_one_name = |host: &header::HeaderValue| {
        host.is_empty() || host.to_str().is_ok_and(|host| !host.contains('@') && host.parse::<Authority>().is_ok())
    };
    match (hosts.next(), hosts.next()) {
        (None, _) => version != Version::HTTP_11,
        (Some(host), None) => is_one_name(host),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_good_and_none_or_two_are_not() {
        let with = |hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().unwrap());
            }
            headers
        };
        for good in ["example.org", "example.org:8080", "[2001:db8::1]:8080", "127.0.0.1", ""] {
            assert!(is_good(Version::HTTP_11, &with(&[good])), "{good}");
        }
        let bad: [&[&str]; 6] = [
            &[],
            &["a.example", "b.example"],
            &["a.example", "a.example"],
            &["a.example, b.example"],
            &["somebody@a.example"],
            &["a.example/path"],
        ];
        for bad in bad {
            assert!(!is_good(Version::HTTP_11, &with(bad)), "{bad:?}");
        }
        assert!(is_good(Version::HTTP_10, &with(&[])) && is_good(Version::HTTP_2, &with(&[])));
    }
}
