//! Names of contexts, subjects and scopes, as far as moving them asks for it.
//!
//! A scope is what can have a config or a mode: a subject by its name, or a context as `:.name:`.

/// The default context as a scope; its config and mode are those under `/config` and `/mode`.
pub(crate) const DEFAULT: &str = ":.:";
/// The scope whose config and mode every context inherits.
pub(crate) const GLOBAL: &str = ":.__GLOBAL:";

/// The context of a subject, or the scope itself when it is one.
pub(crate) fn context_of(name: &str) -> &str {
    let Some(rest) = name.strip_prefix(":.") else { return DEFAULT };
    let end = rest.find(':').map_or(name.len(), |colon| colon + ":.:".len());
    name.get(..end).unwrap_or(name)
}

/// The context that `GET /contexts` lists as `.name`, or with colons already, as a scope.
pub(crate) fn scope_of_context(listed: &str) -> String {
    format!(":{}:", listed.trim_matches(':'))
}

/// Whether a name is that of a whole context.
pub(crate) fn is_context(name: &str) -> bool {
    name == context_of(name)
}

/// The subject that a reference of `holder` points to: a plain name belongs to the holder's
/// context, and `:.:` before it changes nothing.
pub(crate) fn qualified(reference: &str, holder: &str) -> String {
    let plain = reference.strip_prefix(DEFAULT).unwrap_or(reference);
    match context_of(holder) {
        _ if plain.starts_with(":.") => plain.to_owned(),
        DEFAULT => plain.to_owned(),
        context => format!("{context}{plain}"),
    }
}

/// A subject as a segment of a path, which can be neither empty nor made of dots alone.
pub(crate) fn in_path(subject: &str) -> String {
    match subject {
        "" | "." | ".." => format!("{DEFAULT}{subject}"),
        name => name.to_owned(),
    }
}

/// The `subjectPrefix` of everything in a context.
pub(crate) fn prefix_of(context: &str) -> &str {
    if context == DEFAULT { "" } else { context }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_is_what_stands_between_the_colons() {
        let names = ["a", ":.:a", ":.c:a:b", ":.c:", ":.:", ":a", ""];
        let contexts = names.map(context_of);
        assert_eq!(contexts, [":.:", ":.:", ":.c:", ":.c:", ":.:", ":.:", ":.:"]);
        assert_eq!(names.map(is_context), [false, false, false, true, true, false, false]);
    }

    #[test]
    fn listed_contexts_are_scopes_with_colons_or_without() {
        let listed = [".", ".c", ":.c:", ":.:"].map(scope_of_context);
        assert_eq!(listed, [":.:", ":.c:", ":.c:", ":.:"]);
    }

    #[test]
    fn plain_reference_belongs_to_the_context_of_its_holder() {
        let cases = [("a", "h"), ("a", ":.c:h"), (":.:a", ":.c:h"), (":.d:a", ":.c:h")];
        let targets = cases.map(|(reference, holder)| qualified(reference, holder));
        assert_eq!(targets, ["a", ":.c:a", ":.c:a", ":.d:a"]);
    }

    #[test]
    fn names_that_a_path_cannot_carry_are_qualified() {
        assert_eq!(["", ".", "..", "..."].map(in_path), [":.:", ":.:.", ":.:..", "..."]);
    }
}
