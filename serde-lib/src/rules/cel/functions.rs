//! The functions that expressions have besides those of the language, as in the reference.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use cel::extractors::This;
use cel::{Context, DeclarationError, ExecutionError, Value};
use reqwest::Url;

/// Longest address and host name, by the standards.
const ADDRESS_MAX: usize = 254;
const LOCAL_PART_MAX: usize = 64;
const HOST_MAX: usize = 253;
const LABEL_MAX: usize = 63;

pub(super) fn add_to(context: &mut Context<'_, '_>) -> Result<(), DeclarationError> {
    context.add_function("isEmail", |This(text): This<Arc<String>>| is_email(&text))?;
    context.add_function("isHostname", |This(text): This<Arc<String>>| is_hostname(&text))?;
    context.add_function("isUuid", |This(text): This<Arc<String>>| is_uuid(&text))?;
    context.add_function("isUri", |This(text): This<Arc<String>>| is_uri(&text))?;
    context.add_function("isUriRef", |This(text): This<Arc<String>>| is_uri_ref(&text))?;
    context.add_function("isIpv4", |This(value): This<Value>| is_ip(&value, IpAddr::is_ipv4))?;
    context.add_function("isIpv6", |This(value): This<Value>| is_ip(&value, IpAddr::is_ipv6))?;
    Ok(())
}

/// One `@` between a local part without spaces or quotes and a host name.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    let is_atom = |character: char| {
        character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(character)
    };
    let has_gap = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    text.len() <= ADDRESS_MAX
        && (1..=LOCAL_PART_MAX).contains(&local.len())
        && local.chars().all(is_atom)
        && !has_gap
        && is_hostname(host)
}

/// Labels of letters, digits and inner hyphens, of which the last is no number.
fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    let last = name.rsplit('.').next().unwrap_or_default();
    text.len() <= HOST_MAX
        && name.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_uuid(text: &str) -> bool {
    uuid::Uuid::parse_str(text).is_ok()
}

/// With a scheme, a host and a path.
fn is_uri(text: &str) -> bool {
    let has_path = || {
        let rest = text.split_once("://").map(|(_, rest)| rest);
        rest.is_some_and(|rest| rest.split(['?', '#']).next().unwrap_or_default().contains('/'))
    };
    Url::parse(text).is_ok_and(|url| url.has_host()) && has_path()
}

/// A URI, or what can stand in its place relative to another.
fn is_uri_ref(text: &str) -> bool {
    let Ok(base) = Url::parse("http://host/") else { return false };
    !text.contains(char::is_whitespace) && base.join(text).is_ok()
}

fn is_ip(value: &Value, is_version: fn(&IpAddr) -> bool) -> Result<bool, ExecutionError> {
    let address = match value {
        Value::String(text) => text.parse().ok(),
        Value::Bytes(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(&bytes[..]).ok().map(|bytes| Ipv4Addr::from(bytes).into()),
            16 => <[u8; 16]>::try_from(&bytes[..]).ok().map(|bytes| Ipv6Addr::from(bytes).into()),
            _ => None,
        },
        other => {
            let reason = format!("an address is a string or bytes, and not a {}", other.type_of());
            return Err(ExecutionError::function_error("isIp", reason));
        }
    };
    Ok(address.as_ref().is_some_and(is_version))
}

#[cfg(test)]
mod tests {
    use super::{is_email, is_hostname, is_uri, is_uri_ref, is_uuid};

    #[test]
    fn formats_are_told_from_what_only_looks_like_them() {
        type Check<'a> = (fn(&str) -> bool, &'a [&'a str], &'a [&'a str]);
        let checks: [Check<'_>; 5] = [
            (
                is_email,
                &["a@b.co", "a.b+c@sub.b.co"],
                &["a", "a@", "@b.co", "a b@b.co", "a@b@c.co", "a@-b.co", "a..b@c.co"],
            ),
            (
                is_hostname,
                &["a", "a-b.co", "a.co."],
                &["", "-a", "a-", "a..b", "1.2.3.4", "a_b", "ü.de"],
            ),
            (is_uuid, &["095d71cf-1255-6b9d-5e33-0ad575b3df5d"], &["095d71cf", ""]),
            (is_uri, &["http://a/b", "ftp://a.b/"], &["http://a", "a/b", "/b", ""]),
            (is_uri_ref, &["http://a/b", "/b?c#d", "b", ""], &["a b", "http://"]),
        ];
        for (check, good, bad) in checks {
            for text in good {
                assert!(check(text), "{text}");
            }
            for text in bad {
                assert!(!check(text), "{text}");
            }
        }
    }
}
