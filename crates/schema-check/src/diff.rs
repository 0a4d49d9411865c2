//! `levada diff`: what changed between two states, and whom each change keeps from reading.

use std::fmt::Write as _;

use levada_schema_core::{CompatibilityLevel, Limits, Validation};
use similar::TextDiff;

use crate::catalog::{Catalog, Version};
use crate::check::{self, Options};
use crate::error::CheckFailure;
use crate::report::{Finding, plural};

/// The differences between two catalogs.
#[derive(Debug)]
pub struct Diff {
    pub text: String,
    /// How many subjects differ.
    pub changed: usize,
    /// How many of those cannot be compared, because one of the two is no schema.
    pub unreadable: usize,
}

/// What changed from `old` to `new`; `with_text` adds the changed lines.
pub fn diff(
    old: &Catalog,
    new: &Catalog,
    limits: &Limits,
    with_text: bool,
) -> Result<Diff, CheckFailure> {
    let mut diff = Diff { text: String::new(), changed: 0, unreadable: 0 };
    let options =
        |level| Options { level: Some(level), examples: false, style: Vec::new(), limits: *limits };
    let old_catalog = std::slice::from_ref(old);
    let backward = check::check(new, old_catalog, &options(CompatibilityLevel::Backward))?;
    let forward = check::check(new, old_catalog, &options(CompatibilityLevel::Forward))?;
    let names = old.subjects.keys().chain(new.subjects.keys());
    let names: std::collections::BTreeSet<&String> = names.collect();
    for name in names {
        let last = |catalog: &Catalog| {
            catalog.subjects.get(name).and_then(|subject| subject.versions.last()).cloned()
        };
        let (before, after) = (last(old), last(new));
        match (&before, &after) {
            (Some(before), Some(after)) if before.is_same(after) => continue,
            (None, Some(after)) => {
                diff.line(&format!("added {name} ({})", after.place));
                diff.tell_unreadable(&[after], limits);
            }
            (Some(before), None) => diff.line(&format!("removed {name} ({})", before.place)),
            (Some(before), Some(after)) => {
                let of = |found: &[Finding]| {
                    let found = found.iter().filter(|finding| finding.subject == **name);
                    found.cloned().collect::<Vec<_>>()
                };
                let (backward, forward) = (of(&backward.findings), of(&forward.findings));
                diff.changed_subject(name, (before, after), (&backward, &forward), limits);
            }
            (None, None) => continue,
        }
        diff.changed += 1;
        if with_text {
            diff.lines(before.as_ref(), after.as_ref());
        }
    }
    let _ = writeln!(diff.text, "{} changed", plural(diff.changed, "subject"));
    Ok(diff)
}

impl Diff {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn changed_subject(
        &mut self,
        name: &str,
        (before, after): (&Version, &Version),
        (backward, forward): (&[Finding], &[Finding]),
        limits: &Limits,
    ) {
        let parsed = |version| check::parse(version, Validation::Stored, limits);
        let (Ok(old), Ok(new)) = (parsed(before), parsed(after)) else {
            self.line(&format!("changed {name} ({})", after.place));
            self.tell_unreadable(&[before, after], limits);
            return;
        };
        if before.references == after.references && old.canonical() == new.canonical() {
            self.line(&format!("changed {name} ({}): layout and comments alone", after.place));
            return;
        }
        let level = match (backward.is_empty(), forward.is_empty()) {
            (true, true) => "FULL",
            (true, false) => "BACKWARD",
            (false, true) => "FORWARD",
            (false, false) => "NONE",
        };
        self.line(&format!("changed {name} ({}): compatible at level {level}", after.place));
        for (who, findings) in [
            ("new readers cannot read old data", backward),
            ("old readers cannot read new data", forward),
        ] {
            for Finding { rule, path, message, .. } in findings {
                self.line(&format!("  {who}: {rule} at {path}: {message}"));
            }
        }
    }

    /// Says of those that are no schemas why not.
    fn tell_unreadable(&mut self, versions: &[&Version], limits: &Limits) {
        let told = versions.iter().filter_map(|version| {
            let error = check::parse(version, Validation::Stored, limits).err()?;
            Some(format!("  {} is no schema: {error}", version.place))
        });
        let told: Vec<String> = told.collect();
        for line in &told {
            self.line(line);
        }
        self.unreadable += usize::from(!told.is_empty());
    }

    /// The lines that differ, with some around them.
    fn lines(&mut self, before: Option<&Version>, after: Option<&Version>) {
        let text =
            |version: Option<&Version>| version.map_or("", |version| &version.text).to_owned();
        let place = |version: Option<&Version>| {
            version.map_or("nothing", |version| &version.place).to_owned()
        };
        let (old, new) = (text(before), text(after));
        let lines = TextDiff::from_lines(&old, &new);
        let unified = lines.unified_diff().header(&place(before), &place(after)).to_string();
        self.line(unified.trim_end());
    }
}
