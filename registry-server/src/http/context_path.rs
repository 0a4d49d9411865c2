//! `/contexts/{context}/…`: the whole API as seen from inside one context. Such a path is
//! rewritten, before it is routed, to the one that names the context in its subjects.

use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::Response;
use levada_registry_api::ErrorCode;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::error::HttpError;

/// Rewrites the path of a request that begins with a context.
pub(super) async fn enter_context(mut request: Request, next: Next) -> Result<Response, HttpError> {
    let uri = request.uri();
    if let Some(inside) = rewritten(request.method(), uri.path(), uri.query().unwrap_or_default())?
    {
        let mut parts = uri.clone().into_parts();
        let too_long = |_| {
            let message = "The URI is too long with the context written into its parameters";
            HttpError::new(ErrorCode::UriTooLong, message)
        };
        parts.path_and_query = Some(PathAndQuery::try_from(inside).map_err(too_long)?);
        let refused = |error: axum::http::uri::InvalidUriParts| {
            HttpError::new(ErrorCode::BadRequest, error.to_string())
        };
        *request.uri_mut() = Uri::from_parts(parts).map_err(refused)?;
    }
    Ok(next.run(request).await)
}

/// Path and query without the leading context; none for a path that has none.
fn rewritten(method: &Method, path: &str, query: &str) -> Result<Option<String>, HttpError> {
    let Some(inner) = path.strip_prefix("/contexts/") else { return Ok(None) };
    let mut segments = inner.trim_end_matches('/').split('/');
    let Some(name) = segments.next().filter(|name| !name.is_empty()) else { return Ok(None) };
    let prefix = context_prefix(name)?;
    let inner: Vec<&str> = segments.collect();
    let path = path_inside(&inner, &prefix);
    let query = query_inside(method, &inner, &prefix, query);
    let mark = if query.is_empty() { "" } else { "?" };
    Ok(Some(format!("{path}{mark}{query}")))
}

/// What stands before a subject of the context: `:.name:`, or nothing for the default one.
fn context_prefix(segment: &str) -> Result<String, HttpError> {
    let invalid = |message| HttpError::new(ErrorCode::BadRequest, message);
    let name = percent_decode_str(segment)
        .decode_utf8()
        .map_err(|_| invalid("The context name is no UTF-8".to_owned()))?;
    let name = name.strip_prefix(':').unwrap_or(&name);
    let name = name.strip_suffix(':').unwrap_or(name);
    if name.contains(':') {
        return Err(invalid(format!("Context name '{name}' cannot contain a colon")));
    }
    Ok(match name.strip_prefix('.').unwrap_or(name) {
        "" => String::new(),
        name => format!(":.{name}:"),
    })
}

/// The path with the prefix before each subject.
fn path_inside(inner: &[&str], prefix: &str) -> String {
    let encoded = encode(prefix);
    match inner {
        [] if prefix.is_empty() => return "/".to_owned(),
        [] => return format!("/contexts/{encoded}"),
        // The config or the mode of the context itself.
        [scope @ ("config" | "mode")] if !prefix.is_empty() => {
            return format!("/{scope}/{encoded}");
        }
        _ => {}
    }
    let mut path = String::new();
    let mut is_subject = false;
    for (index, segment) in inner.iter().enumerate() {
        path.push('/');
        if is_subject && !is_qualified(segment) {
            path.push_str(&encoded);
        }
        path.push_str(segment);
        // A name that happens to be one of these words is followed by none.
        let is_scope = index == 0 && matches!(*segment, "config" | "mode");
        is_subject = !is_subject && (is_scope || matches!(*segment, "subjects" | "deks"));
    }
    path
}

/// The parameters with the prefix before each subject, and the ones that say the context.
fn query_inside(method: &Method, inner: &[&str], prefix: &str, query: &str) -> String {
    let pairs = || query.split('&').filter(|pair| !pair.is_empty());
    let values = |name: &'static str| {
        pairs().filter_map(move |pair| match pair.split_once('=') {
            Some((known, value)) => (known == name).then_some(value),
            None => (pair == name).then_some(""),
        })
    };
    let qualified = |value: &str| {
        if is_qualified(value) { value.to_owned() } else { encode(prefix) + value }
    };
    let (name, replaced) = match inner {
        ["schemas", "ids", ..] => {
            ("subject", vec![qualified(values("subject").next().unwrap_or_default())])
        }
        ["schemas" | "subjects"] => {
            let mut prefixes: Vec<String> = values("subjectPrefix").map(qualified).collect();
            if prefixes.is_empty() {
                prefixes.push(qualified(""));
            }
            ("subjectPrefix", prefixes)
        }
        [first, ..] if first.starts_with("associations") && is_write(method) => {
            ("context", vec![encode(prefix)])
        }
        _ => return query.to_owned(),
    };
    let kept = pairs().filter(|pair| pair.split('=').next() != Some(name)).map(str::to_owned);
    let added = replaced.iter().map(|value| format!("{name}={value}"));
    kept.chain(added).collect::<Vec<_>>().join("&")
}

fn is_write(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Whether an encoded name says its context itself, or means all.
fn is_qualified(encoded: &str) -> bool {
    let name = percent_decode_str(encoded).decode_utf8_lossy();
    name.starts_with(":.") || name.starts_with(":*:")
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rewritten path and query, decoded.
    fn inside(method: &Method, uri: &str) -> Option<String> {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let rewritten = rewritten(method, path, query).unwrap()?;
        Some(percent_decode_str(&rewritten).decode_utf8().unwrap().into_owned())
    }

    #[test]
    fn subjects_in_paths_get_the_context_unless_they_have_one() {
        for (outside, expected) in [
            ("/contexts/.c/subjects/s/versions/1", "/subjects/:.c:s/versions/1"),
            ("/contexts/c/subjects/s", "/subjects/:.c:s"),
            ("/contexts/:.c:/subjects/s/", "/subjects/:.c:s"),
            ("/contexts/%3A.c%3A/subjects/s", "/subjects/:.c:s"),
            ("/contexts/./subjects/s", "/subjects/s"),
            ("/contexts/:.:/config", "/config"),
            ("/contexts/.c/subjects/:.d:s/versions", "/subjects/:.d:s/versions"),
            ("/contexts/.c/subjects/%3A.d%3As/versions", "/subjects/:.d:s/versions"),
            ("/contexts/.c/subjects/:*:s", "/subjects/:*:s"),
            ("/contexts/.c/subjects/subjects/versions", "/subjects/:.c:subjects/versions"),
            (
                "/contexts/.c/compatibility/subjects/s/versions",
                "/compatibility/subjects/:.c:s/versions",
            ),
            ("/contexts/.c/config/s", "/config/:.c:s"),
            ("/contexts/.c/config", "/config/:.c:"),
            ("/contexts/.c/mode", "/mode/:.c:"),
            ("/contexts/.c/dek-registry/v1/keks/k/deks/s", "/dek-registry/v1/keks/k/deks/:.c:s"),
            ("/contexts/.c/dek-registry/v1/keks/k", "/dek-registry/v1/keks/k"),
            ("/contexts/.c/associations/subjects/s", "/associations/subjects/:.c:s"),
            ("/contexts/.c", "/contexts/:.c:"),
            ("/contexts/.", "/"),
            ("/contexts/.c/contexts", "/contexts"),
        ] {
            assert_eq!(inside(&Method::GET, outside).as_deref(), Some(expected), "{outside}");
        }
        for outside in ["/subjects", "/contexts", "/contexts/", "/contextsx/c"] {
            assert_eq!(inside(&Method::GET, outside), None, "{outside}");
        }
    }

    #[test]
    fn parameters_that_name_subjects_get_the_context() {
        for (outside, expected) in [
            ("/contexts/.c/schemas/ids/1", "/schemas/ids/1?subject=:.c:"),
            (
                "/contexts/.c/schemas/ids/1?a=b&subject=s&subject=t",
                "/schemas/ids/1?a=b&subject=:.c:s",
            ),
            ("/contexts/.c/schemas/ids/1?subject=:.d:s", "/schemas/ids/1?subject=:.d:s"),
            ("/contexts/.c/subjects", "/subjects?subjectPrefix=:.c:"),
            (
                "/contexts/.c/schemas?subjectPrefix=a&deleted=true&subjectPrefix=:*:",
                "/schemas?deleted=true&subjectPrefix=:.c:a&subjectPrefix=:*:",
            ),
            ("/contexts/./subjects", "/subjects?subjectPrefix="),
            (
                "/contexts/.c/subjects/s/versions?deleted=true",
                "/subjects/:.c:s/versions?deleted=true",
            ),
            ("/contexts/.c/schemas/types", "/schemas/types"),
            ("/contexts/.c/associations/resources/r", "/associations/resources/r"),
        ] {
            assert_eq!(inside(&Method::GET, outside).as_deref(), Some(expected), "{outside}");
        }
        let written = inside(&Method::POST, "/contexts/.c/associations:batchMutate?context=x");
        assert_eq!(written.as_deref(), Some("/associations:batchMutate?context=:.c:"));
    }

    #[test]
    fn a_colon_inside_the_name_is_refused() {
        for path in ["/contexts/a:b/subjects", "/contexts/:.a%3Ab:/subjects"] {
            assert!(rewritten(&Method::GET, path, "").is_err(), "{path}");
        }
    }
}
