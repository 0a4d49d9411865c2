//! The limits on connections and requests, with their defaults and their names as settings.

use std::time::Duration;

/// Declares the limits once: the fields with their names and defaults.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $field:ident: $name:literal = $default:expr;)+) => {
        /// Bounds on what clients may take of the server. A breach is an error answer, or a
        /// connection that is closed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct HttpLimits {
            $($(#[doc = $doc])+ pub $field: usize,)+
        }

        impl Default for HttpLimits {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl HttpLimits {
            /// The name of each limit, and its default.
            pub const SETTINGS: &'static [(&'static str, usize)] = &[$(($name, $default),)+];

            /// The limit called `name`.
            pub fn get_mut(&mut self, name: &str) -> Option<&mut usize> {
                match name {
                    $($name => Some(&mut self.$field),)+
                    _ => None,
                }
            }
        }
    };
}

limits! {
    /// Longest path with its query, in bytes.
    uri_bytes_max: "http-uri-bytes-max" = 8 << 10;
    /// Most bytes of all header names and values of a request.
    header_bytes_max: "http-header-bytes-max" = 16 << 10;
    /// Most headers of a request.
    headers_max: "http-headers-max" = 64;
    /// How long the head of a request may take to arrive, in milliseconds, counted from the answer
    /// before: so long may a connection be idle, too.
    header_read_ms: "http-header-read-ms" = 10_000;
    /// How long the body may take to arrive, in milliseconds.
    body_read_ms: "http-body-read-ms" = 30_000;
    /// How long a request may take in all, in milliseconds, and how long a client may not take a
    /// byte of an answer.
    request_ms: "http-request-ms" = 60_000;
    /// Most open connections; others wait to be accepted.
    connections_max: "http-connections-max" = 1_024;
    /// Most open connections of one client: an IPv4 address, or the upper half of an IPv6 address.
    connections_per_ip_max: "http-connections-per-ip-max" = 128;
    /// Most requests that are worked on at a time.
    requests_max: "http-requests-max" = 256;
    /// How long a request may wait for others, in milliseconds.
    request_wait_ms: "http-request-wait-ms" = 1_000;
}

impl HttpLimits {
    pub(crate) fn header_read(&self) -> Duration {
        milliseconds(self.header_read_ms)
    }

    pub(crate) fn body_read(&self) -> Duration {
        milliseconds(self.body_read_ms)
    }

    pub(crate) fn request(&self) -> Duration {
        milliseconds(self.request_ms)
    }

    pub(crate) fn request_wait(&self) -> Duration {
        milliseconds(self.request_wait_ms)
    }
}

fn milliseconds(count: usize) -> Duration {
    Duration::from_millis(u64::try_from(count).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_found_by_its_name_and_has_its_default() {
        for (name, default) in HttpLimits::SETTINGS {
            assert_eq!(HttpLimits::default().get_mut(name).copied(), Some(*default), "{name}");
        }
        assert_eq!(HttpLimits::default().get_mut("depth-max"), None);
    }
}
