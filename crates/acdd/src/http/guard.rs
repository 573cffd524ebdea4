//! Who may speak to the pages: names of this machine, and for requests that act, the pages themselves.

use super::problem::Problem;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// What a browser says of who asks: `same-origin` is a page of this very address.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets a request through, or says why not.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    match check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// # Errors
/// The request names another host, or would act for a page of elsewhere.
fn check(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let said = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = said(HOST).unwrap_or_default();
    // A page of elsewhere can give its own name the address of this machine; then the name betrays it.
    if !is_of_this_machine(host) {
        return Err(Problem::forbidden(
            "foreign_host",
            "ask by the name of this machine: localhost, or a loopback address",
        ));
    }
    if *method != Method::POST {
        return Ok(());
    }
    // A form of elsewhere cannot say this without being asked for leave first, which it does not get.
    let is_json = said(CONTENT_TYPE).and_then(|it| it.split(';').next()).map(str::trim);
    if is_json != Some("application/json") {
        return Err(Problem::unsupported("content-type must be application/json"));
    }
    let is_own = match (said(FETCH_SITE), said(ORIGIN)) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => origin.split_once("://").is_some_and(|(_, named)| named == host),
        // No browser, so nobody's page.
        (None, None) => true,
    };
    if is_own {
        Ok(())
    } else {
        Err(Problem::forbidden("foreign_page", "only acdd's own pages may ask for this"))
    }
}

/// Whether a `Host` is `localhost` or a loopback address, at whatever port: a tunnel may have another.
fn is_of_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _port)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn asked(method: Method, headers: &[(&'static str, &'static str)]) -> bool {
        let named = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        check(&method, &headers.iter().map(named).collect()).is_ok()
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["localhost", "localhost:7180", "127.0.0.1:7180", "127.9.9.9", "[::1]:7180"] {
            assert!(asked(Method::GET, &[("host", host)]), "{host}");
        }
        for host in
            ["", "acd.example:7180", "10.0.0.1", "localhost.example", "[fe80::1]:7180", "[", ":"]
        {
            assert!(!asked(Method::GET, &[("host", host)]), "{host}");
        }
    }

    #[test]
    fn only_its_own_pages_and_programs_may_act() {
        const JSON: (&str, &str) = ("content-type", "application/json");
        const HOST: (&str, &str) = ("host", "localhost:7180");
        let acts = |more: &[(&'static str, &'static str)]| {
            asked(Method::POST, &[&[HOST, JSON], more].concat())
        };
        assert!(acts(&[]), "a program");
        assert!(acts(&[("sec-fetch-site", "same-origin")]));
        assert!(acts(&[("origin", "http://localhost:7180")]));
        assert!(!acts(&[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:7180")]));
        assert!(!acts(&[("sec-fetch-site", "same-site")]));
        assert!(!acts(&[("origin", "http://localhost:7181")]), "another port is another site");
        assert!(!acts(&[("origin", "null")]));
        assert!(!asked(Method::POST, &[HOST]), "it does not say that it is JSON");
        assert!(!asked(Method::POST, &[HOST, ("content-type", "text/plain")]));
    }
}
