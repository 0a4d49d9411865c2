//! URI references as `java.net.URI` reads and resolves them, because `$ref` and `$id` mean what it
//! makes of them.

/// A URI reference split into its parts; `authority` and `query` without their separators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Parts<'a> {
    scheme: Option<&'a str>,
    /// All of an opaque URI (`urn:a:b`) behind the scheme.
    opaque: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

/// Whether `text` is a URI reference. No blanks, no quotes, no stray `%`, one `#`.
pub(super) fn is_valid(text: &str) -> bool {
    let Some(parts) = split(text) else { return false };
    let legal = |part: &str, brackets: bool| {
        let mut rest = part.chars();
        while let Some(c) = rest.next() {
            let fine = match c {
                '%' => [rest.next(), rest.next()]
                    .iter()
                    .all(|digit| digit.is_some_and(|c| c.is_ascii_hexdigit())),
                '[' | ']' => brackets,
                ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | '#' => false,
                c => !c.is_control() && !c.is_whitespace(),
            };
            if !fine {
                return false;
            }
        }
        true
    };
    let authority = parts.authority.is_none_or(|authority| {
        let address = authority.rsplit('@').next().unwrap_or(authority);
        let closed = address.starts_with('[') && address.contains(']');
        !authority.is_empty() && legal(authority, closed)
    });
    authority
        && parts.opaque.is_none_or(|opaque| !opaque.is_empty() && legal(opaque, true))
        && legal(parts.path, false)
        && parts.query.is_none_or(|query| legal(query, true))
        && parts.fragment.is_none_or(|fragment| legal(fragment, true))
}

/// The scheme, if the reference is absolute.
pub(super) fn scheme(text: &str) -> Option<&str> {
    split(text).and_then(|parts| parts.scheme)
}

/// The reference up to its `#`, and the rest from the `#` on (empty if there is none).
pub(super) fn at_fragment(text: &str) -> (&str, &str) {
    text.find('#').map_or((text, ""), |at| text.split_at(at))
}

/// `child` resolved against `base`.
pub(super) fn resolve(base: &str, child: &str) -> String {
    let (Some(from), Some(to)) = (split(base), split(child)) else { return child.to_owned() };
    if to.scheme.is_some() || from.opaque.is_some() {
        return child.to_owned();
    }
    if let Some(fragment) = to.fragment
        && (to.authority, to.path, to.query) == (None, "", None)
    {
        let (document, _) = at_fragment(base);
        return format!("{document}#{fragment}");
    }
    let (authority, path) = match to.authority {
        Some(authority) => (Some(authority), to.path.to_owned()),
        None if to.path.starts_with('/') => (from.authority, normalize(to.path)),
        None => {
            let folder = from.path.rfind('/').map_or("", |at| from.path.split_at(at + 1).0);
            (from.authority, normalize(&format!("{folder}{}", to.path)))
        }
    };
    let mut out = String::new();
    if let Some(scheme) = from.scheme {
        out.push_str(scheme);
        out.push(':');
    }
    if let Some(authority) = authority {
        out.push_str("//");
        out.push_str(authority);
    }
    out.push_str(&path);
    if let Some(query) = to.query {
        out.push('?');
        out.push_str(query);
    }
    if let Some(fragment) = to.fragment {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

/// A token of a JSON pointer in a fragment: percent-decoded (a plus sign is a blank there), then
/// `~1` and `~0` replaced. `None` if the percent encoding is broken.
pub(super) fn pointer_token(token: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(token.len());
    let mut rest = token.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    Some(String::from_utf8_lossy(&bytes).replace("~1", "/").replace("~0", "~"))
}

fn split(text: &str) -> Option<Parts<'_>> {
    let (text, fragment) = match text.split_once('#') {
        Some((head, fragment)) => (head, Some(fragment)),
        None => (text, None),
    };
    let mut parts = Parts { fragment, ..Parts::default() };
    let mut rest = text;
    if let Some(at) = text.find([':', '/', '?']) {
        let (name, tail) = text.split_at(at);
        if let Some(tail) = tail.strip_prefix(':') {
            let mut letters = name.chars();
            let legal = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
                && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
            if !legal || tail.is_empty() {
                return None;
            }
            parts.scheme = Some(name);
            rest = tail;
            if !tail.starts_with('/') {
                parts.opaque = Some(tail);
                return Some(parts);
            }
        }
    }
    if let Some((head, query)) = rest.split_once('?') {
        parts.query = Some(query);
        rest = head;
    }
    match rest.strip_prefix("//") {
        Some(tail) => {
            let end = tail.find('/').unwrap_or(tail.len());
            let (authority, path) = tail.split_at(end);
            // `file:///x` has an empty authority, which counts as none.
            parts.authority = Some(authority).filter(|a| !a.is_empty() || path.is_empty());
            parts.path = path;
        }
        None => parts.path = rest,
    }
    Some(parts)
}

/// Drops `.` segments and folds `..` into the segment before it.
fn normalize(path: &str) -> String {
    if !path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return path.to_owned();
    }
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_folder = false;
    for segment in path.split('/').skip(usize::from(rooted)) {
        ends_in_folder = matches!(segment, "." | ".." | "");
        match segment {
            "." | "" => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut out = if rooted { "/".to_owned() } else { String::new() };
    out.push_str(&kept.join("/"));
    if ends_in_folder && !kept.is_empty() && !out.ends_with('/') {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{is_valid, pointer_token, resolve, scheme};

    #[test]
    fn legal_references() {
        for text in
            ["", "#", "ext.json", "a/b.json#/x", "http://a.b/c?d=[1]#e", "urn:x:y", "é", "#/a%20b"]
        {
            assert!(is_valid(text), "{text}");
        }
        for text in ["my ext", "#/a b", "http://[bad", "a#b#c", "%zz", ":x", "http:", "a|b"] {
            assert!(!is_valid(text), "{text}");
        }
        assert_eq!((scheme("http://a/b"), scheme("a/b:c")), (Some("http"), None));
    }

    #[test]
    fn resolution() {
        for (base, child, want) in [
            ("UNKNOWN", "ext.json", "ext.json"),
            ("UNKNOWN", "#/a", "UNKNOWN#/a"),
            ("http://e.test/d/main.json", "ext.json", "http://e.test/d/ext.json"),
            ("http://e.test/d/main.json#x", "#y", "http://e.test/d/main.json#y"),
            ("http://e.test/d/main.json", "/x", "http://e.test/x"),
            ("http://e.test/d/main.json", "../x", "http://e.test/x"),
            ("http://e.test/d/e/main.json", "./x", "http://e.test/d/e/x"),
            ("common/types.json", "ext.json", "common/ext.json"),
            ("http://e.test", "urn:a:b", "urn:a:b"),
            ("http://e.test/a", "//f.test/b", "http://f.test/b"),
            ("a.json", "./ext.json", "ext.json"),
        ] {
            assert_eq!(resolve(base, child), want, "{base} {child}");
        }
    }

    #[test]
    fn pointer_tokens() {
        assert_eq!(pointer_token("a%20b").as_deref(), Some("a b"));
        assert_eq!(pointer_token("a~1b~0c+d").as_deref(), Some("a/b~c d"));
        assert_eq!(pointer_token("%z"), None);
    }
}
