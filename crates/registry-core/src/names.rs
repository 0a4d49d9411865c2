//! Contexts and subjects: the one place where `:.context:subject` is taken apart and judged.

use std::fmt;

use crate::RegistryError;

/// Longest name of a subject, a context or a reference, in bytes.
pub const NAME_BYTES_MAX: usize = 1024;
/// Longest name of a rule or a key, in characters.
const PLAIN_NAME_MAX: usize = 256;

/// A namespace of ids and subjects. Its name starts with a dot; the default one is `.`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Context(String);

impl Context {
    /// `name` as it stands between the colons of a qualified subject; empty is the default.
    pub fn new(name: &str) -> Self {
        Self(if name.is_empty() { ".".to_owned() } else { name.to_owned() })
    }

    /// The context `.__GLOBAL`, whose config and mode every other one inherits.
    pub fn global() -> Self {
        Self(".__GLOBAL".to_owned())
    }

    pub fn is_default(&self) -> bool {
        self.0 == "."
    }

    pub fn is_global(&self) -> bool {
        self.0 == ".__GLOBAL"
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Context {
    fn default() -> Self {
        Self(".".to_owned())
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A subject with its context. With an empty subject it stands for the context as a whole, which
/// can have a config and a mode of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QualifiedSubject {
    pub context: Context,
    pub subject: String,
}

impl QualifiedSubject {
    /// The scope of a whole context.
    pub fn of_context(context: Context) -> Self {
        Self { context, subject: String::new() }
    }

    /// `:.context:subject`, or a plain name in the default context. `:.context` without its
    /// second colon is the context itself.
    pub fn parse(name: &str) -> Self {
        Self::parse_within(name, &Context::default())
    }

    /// As [`Self::parse`], but a plain name belongs to `home`, as in a reference; `:.:` before it
    /// changes nothing there.
    pub fn parse_within(name: &str, home: &Context) -> Self {
        match name.strip_prefix(':').filter(|rest| rest.starts_with('.')) {
            Some(rest) => {
                let (context, subject) = rest.split_once(':').unwrap_or((rest, ""));
                let context = if context == "." { home.clone() } else { Context::new(context) };
                Self { context, subject: subject.to_owned() }
            }
            None => Self { context: home.clone(), subject: name.to_owned() },
        }
    }

    /// Whether this is the scope of a whole context.
    pub fn is_context(&self) -> bool {
        self.subject.is_empty()
    }

    /// The same name in another context.
    #[must_use]
    pub fn within(&self, context: Context) -> Self {
        Self { context, subject: self.subject.clone() }
    }

    /// Whether a config or a mode may be set here.
    pub fn check_scope(&self) -> Result<(), RegistryError> {
        let reserved = matches!(self.subject.as_str(), "__GLOBAL" | "__EMPTY");
        if reserved || !is_bounded(&self.subject) || !is_bounded(self.context.as_str()) {
            return Err(RegistryError::InvalidSubject(self.clone()));
        }
        Ok(())
    }

    /// Whether schemas may be registered here.
    pub fn check_subject(&self) -> Result<(), RegistryError> {
        self.check_scope()?;
        if self.context.is_global() {
            return Err(RegistryError::InvalidSubject(self.clone()));
        }
        Ok(())
    }
}

/// Subjects of the default context are shown plain, all others qualified.
impl fmt::Display for QualifiedSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.context.is_default() {
            f.write_str(&self.subject)
        } else {
            write!(f, ":{}:{}", self.context, self.subject)
        }
    }
}

/// Whether a name is not too long and can be shown on one line.
pub(crate) fn is_bounded(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX && !name.chars().any(char::is_control)
}

/// Whether `name` can be that of a rule or a key: a letter or `_`, then letters, digits, `_`, `-`.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let mut chars = name.chars();
    let is_headed = chars.next().is_some_and(|first| first.is_alphabetic() || first == '_');
    is_headed
        && name.chars().count() <= PLAIN_NAME_MAX
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

/// Which subjects a listing shows, from its `subjectPrefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectFilter {
    /// Subjects of every context whose plain name starts so.
    AnyContext { prefix: String },
    /// Subjects of every context whose name starts so (a prefix like `:.abc`, not closed).
    ContextsStartingWith { context: String },
    /// Subjects of one context whose plain name starts so.
    OneContext { context: Context, prefix: String },
}

impl SubjectFilter {
    pub fn parse(prefix: &str) -> Self {
        if let Some(prefix) = prefix.strip_prefix(":*:") {
            return Self::AnyContext { prefix: prefix.to_owned() };
        }
        match prefix.strip_prefix(':').filter(|rest| rest.starts_with('.')) {
            Some(rest) if !rest.contains(':') => {
                Self::ContextsStartingWith { context: rest.to_owned() }
            }
            _ => {
                let name = QualifiedSubject::parse(prefix);
                Self::OneContext { context: name.context, prefix: name.subject }
            }
        }
    }

    pub fn matches(&self, subject: &QualifiedSubject) -> bool {
        match self {
            Self::AnyContext { prefix } => subject.subject.starts_with(prefix),
            Self::ContextsStartingWith { context } => {
                subject.context.as_str().starts_with(context.as_str())
            }
            Self::OneContext { context, prefix } => {
                subject.context == *context && subject.subject.starts_with(prefix)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(context: &str, subject: &str) -> QualifiedSubject {
        QualifiedSubject { context: Context::new(context), subject: subject.to_owned() }
    }

    #[test]
    fn names_are_taken_apart_and_shown_again() {
        for (text, parsed, shown) in [
            ("s", name(".", "s"), "s"),
            (":.:s", name(".", "s"), "s"),
            (":.c:s", name(".c", "s"), ":.c:s"),
            (":.c:", name(".c", ""), ":.c:"),
            (":.c", name(".c", ""), ":.c:"),
            (":.:", name(".", ""), ""),
            (":.c:a:b", name(".c", "a:b"), ":.c:a:b"),
            (":s", name(".", ":s"), ":s"),
        ] {
            let qualified = QualifiedSubject::parse(text);
            assert_eq!(qualified, parsed, "{text}");
            assert_eq!(qualified.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn a_plain_reference_belongs_to_the_context_of_the_referrer() {
        let home = Context::new(".home");
        assert_eq!(QualifiedSubject::parse_within("s", &home), name(".home", "s"));
        assert_eq!(QualifiedSubject::parse_within(":.:s", &home), name(".home", "s"));
        assert_eq!(QualifiedSubject::parse_within(":.c:s", &home), name(".c", "s"));
    }

    #[test]
    fn reserved_names_and_control_characters_are_refused() {
        for text in ["__GLOBAL", "__EMPTY", ":.c:__EMPTY", "a\u{1}b", &"x".repeat(1025)] {
            assert!(QualifiedSubject::parse(text).check_subject().is_err(), "{text}");
        }
        assert!(QualifiedSubject::parse(&"x".repeat(1024)).check_subject().is_ok());
        assert!(QualifiedSubject::parse(":.__GLOBAL:").check_scope().is_ok());
        assert!(QualifiedSubject::parse(":.__GLOBAL:s").check_subject().is_err());
    }

    #[test]
    fn prefixes_select_subjects_and_contexts() {
        let subjects = [name(".", "ab"), name(".c", "ab"), name(".cd", "ab"), name(".c", "x")];
        let shown = |prefix: &str| {
            let filter = SubjectFilter::parse(prefix);
            subjects
                .iter()
                .filter(|s| filter.matches(s))
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(""), ["ab"]);
        assert_eq!(shown("a"), ["ab"]);
        assert_eq!(shown(":*:"), ["ab", ":.c:ab", ":.cd:ab", ":.c:x"]);
        assert_eq!(shown(":*:a"), ["ab", ":.c:ab", ":.cd:ab"]);
        assert_eq!(shown(":.c"), [":.c:ab", ":.cd:ab", ":.c:x"]);
        assert_eq!(shown(":.c:"), [":.c:ab", ":.c:x"]);
        assert_eq!(shown(":.c:a"), [":.c:ab"]);
    }
}
