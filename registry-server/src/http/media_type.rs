//! Choosing the media type of an answer, and judging that of a request body.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use levada_registry_api::media_type::{OCTET_STREAM, REQUEST_TYPES, RESPONSE_TYPES};

/// The type of the answer under an Accept header, or `None` if none will do. The client's
/// quality decides, then the server's preference; no header accepts everything.
pub(super) fn negotiate(accept: Option<&str>) -> Option<&'static str> {
    let accept = accept.filter(|accept| !accept.trim().is_empty()).unwrap_or("*/*");
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::parse).collect();
    let mut best: Option<((u32, u32), &'static str)> = None;
    for (media_type, preference) in RESPONSE_TYPES {
        let fitting = ranges.iter().filter(|range| range.matches(media_type));
        // The most specific range speaks for the type, whatever the others say.
        let Some(range) = fitting.max_by_key(|range| range.specificity()) else { continue };
        let rank = (range.quality, preference);
        if range.quality > 0 && best.is_none_or(|(so_far, _)| rank > so_far) {
            best = Some((rank, media_type));
        }
    }
    best.map(|(_, media_type)| media_type)
}

/// Whether bodies of the request's Content-Type are read; parameters do not count.
pub(super) fn is_readable(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
    let content_type = content_type.unwrap_or(OCTET_STREAM);
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    REQUEST_TYPES.iter().any(|known| known.eq_ignore_ascii_case(essence))
}

/// One entry of an Accept header; the quality is in thousandths.
struct Range<'a> {
    main: &'a str,
    sub: &'a str,
    quality: u32,
}

impl<'a> Range<'a> {
    fn parse(entry: &'a str) -> Option<Self> {
        let mut parts = entry.split(';');
        // Java's own client sends a lone star beside `*/*`.
        let (main, sub) = match parts.next()?.trim() {
            "*" => ("*", "*"),
            named => named.split_once('/')?,
        };
        let quality = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(Some(1000), |(_, value)| thousandths(value.trim()))?;
        Some(Self { main: main.trim(), sub: sub.trim(), quality })
    }

    fn matches(&self, media_type: &str) -> bool {
        let (main, sub) = media_type.split_once('/').unwrap_or_default();
        (self.main == "*" || self.main.eq_ignore_ascii_case(main))
            && (self.sub == "*" || self.sub.eq_ignore_ascii_case(sub))
    }

    fn specificity(&self) -> u8 {
        u8::from(self.main != "*") + u8::from(self.sub != "*")
    }
}

/// `0.85` as 850; more digits than three do not count.
fn thousandths(quality: &str) -> Option<u32> {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let whole: u32 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let fraction: u32 = digits.parse().ok()?;
    (whole <= 1).then(|| (whole * 1000 + fraction).min(1000))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use levada_registry_api::media_type::{JSON, REGISTRY, REGISTRY_V1};

    use super::*;

    #[test]
    fn the_clients_quality_decides_then_the_servers_preference() {
        for (accept, chosen) in [
            (None, Some(REGISTRY_V1)),
            (Some(""), Some(REGISTRY_V1)),
            (Some("*/*"), Some(REGISTRY_V1)),
            (Some("application/*"), Some(REGISTRY_V1)),
            (Some("application/json"), Some(JSON)),
            (Some("application/json, application/vnd.schemaregistry+json"), Some(REGISTRY)),
            (
                Some("application/vnd.schemaregistry.v1+json;q=0.2, application/json;q=0.9"),
                Some(JSON),
            ),
            (Some("text/html, */*;q=0.1"), Some(REGISTRY_V1)),
            (Some("text/html, image/gif, *; q=.2"), Some(REGISTRY_V1)),
            (Some("*/*, application/vnd.schemaregistry.v1+json;q=0"), Some(REGISTRY)),
            (Some("application/json;q=0"), None),
            (Some("text/html"), None),
            (Some("nonsense"), None),
        ] {
            assert_eq!(negotiate(accept), chosen, "{accept:?}");
        }
    }

    #[test]
    fn request_bodies_have_one_of_four_types() {
        let of = |content_type| {
            let value = HeaderValue::from_static(content_type);
            HeaderMap::from_iter([(CONTENT_TYPE, value)])
        };
        assert!(is_readable(&HeaderMap::new()));
        for readable in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(is_readable(&of(readable)), "{readable}");
        }
        for other in ["text/plain", "", "application/xml"] {
            assert!(!is_readable(&of(other)), "{other}");
        }
    }
}
