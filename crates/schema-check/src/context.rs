//! Names of subjects with the context before them: `:.context:subject`.

/// A name's context as it stands before the subject, which is nothing in a bare name, and the rest.
pub(crate) fn split(name: &str) -> (&str, &str) {
    let inner = name.strip_prefix(":.").and_then(|inner| inner.find(':'));
    inner.and_then(|end| name.split_at_checked(end + 3)).unwrap_or(("", name))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_name_is_cut_behind_its_context() {
        for (name, expected) in [
            (":.c:s", (":.c:", "s")),
            (":.:s:t", (":.:", "s:t")),
            (":.c:", (":.c:", "")),
            ("s", ("", "s")),
            (":.c", ("", ":.c")),
            (":c:s", ("", ":c:s")),
        ] {
            assert_eq!(split(name), expected);
        }
    }
}
