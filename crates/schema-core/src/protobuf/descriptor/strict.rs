//! What keeps a file from being a descriptor, where the registry is told to build one: what the
//! reference reads leniently Java's descriptor library then refuses. Its rules are followed, not the
//! compiler's: a name is taken in its own scope only, an enum's constants stand inside the enum, no
//! number is too large or reserved (as observed).

use std::collections::{HashMap, HashSet};

use super::declared::REPEATED;
use super::pool::joined;
use super::proto::{EnumProto, FieldProto, FileProto, MessageProto};
use super::write::{self, TYPE_ENUM, TYPE_GROUP, TYPE_MESSAGE};
use crate::protobuf::ast::File;
use crate::protobuf::types::Types;

/// Strings, groups, messages, bytes: what a list cannot hold packed.
const UNPACKABLE: [i32; 4] = [9, TYPE_GROUP, TYPE_MESSAGE, 12];

type Verdict = Result<(), String>;

/// A file that can be imported, and whether it is a well-known one, which is not in doubt.
#[derive(Clone, Copy)]
pub(in crate::protobuf) struct Importable<'f> {
    pub(in crate::protobuf) file: &'f File,
    pub(in crate::protobuf) is_well_known: bool,
}

/// The first thing that is wrong with `own` or a file that it imports, in words.
pub(in crate::protobuf) fn check<'f>(
    own: &'f File,
    imported: impl Fn(&str) -> Option<Importable<'f>>,
    types: &Types<'_>,
) -> Verdict {
    let files = Files::reached(own, imported, types);
    let definitions = files.definitions();
    for at in files.all.iter().enumerate().filter(|(_, file)| !file.is_well_known) {
        let visible = files.visible(at.0);
        Check { definitions: &definitions, visible, taken: HashSet::new() }.file(&at.1.proto)?;
    }
    Ok(())
}

/// A file, and the positions of those that it imports.
struct Reached {
    proto: FileProto,
    imports: Vec<usize>,
    public_imports: Vec<usize>,
    is_well_known: bool,
}

/// The own file first.
struct Files {
    all: Vec<Reached>,
}

impl Files {
    fn reached<'f>(
        own: &'f File,
        imported: impl Fn(&str) -> Option<Importable<'f>>,
        types: &Types<'_>,
    ) -> Self {
        let mut positions: HashMap<&'f str, usize> = HashMap::new();
        let mut found = vec![Importable { file: own, is_well_known: false }];
        let mut all = Vec::new();
        while let Some(&Importable { file, is_well_known }) = found.get(all.len()) {
            let mut follow = |paths: &'f [String]| -> Vec<usize> {
                let follow = |path: &'f String| {
                    if let Some(&known) = positions.get(path.as_str()) {
                        return Some(known);
                    }
                    // An import of nothing known is as good as none.
                    found.push(imported(path)?);
                    positions.insert(path, found.len() - 1);
                    Some(found.len() - 1)
                };
                paths.iter().filter_map(follow).collect()
            };
            let (imports, public_imports) = (follow(&file.imports), follow(&file.public_imports));
            let proto = write::file_proto(file, types, |_| false);
            all.push(Reached { proto, imports, public_imports, is_well_known });
        }
        Self { all }
    }

    /// The files whose names can be used in the one at that position: it, what it imports, and what
    /// these import publicly.
    fn visible(&self, at: usize) -> HashSet<usize> {
        let mut visible = HashSet::from([at]);
        let imports =
            self.all.get(at).map(|file| [&file.imports[..], &file.public_imports].concat());
        let mut open = imports.unwrap_or_default();
        while let Some(next) = open.pop() {
            if visible.insert(next) {
                open.extend(self.all.get(next).into_iter().flat_map(|file| &file.public_imports));
            }
        }
        visible
    }

    /// The types by their full names.
    fn definitions(&self) -> HashMap<String, Vec<(usize, Definition<'_>)>> {
        let mut definitions: HashMap<String, Vec<_>> = HashMap::new();
        for (at, Reached { proto, .. }) in self.all.iter().enumerate() {
            let package = proto.package.clone().unwrap_or_default();
            let mut open = vec![(package, &proto.message_type, &proto.enum_type)];
            while let Some((scope, messages, enums)) = open.pop() {
                for message in messages {
                    let name = joined(&scope, message.name.as_deref());
                    open.push((name.clone(), &message.nested_type, &message.enum_type));
                    definitions.entry(name).or_default().push((at, Definition::Message(message)));
                }
                for decl in enums {
                    let name = joined(&scope, decl.name.as_deref());
                    definitions.entry(name).or_default().push((at, Definition::Enum(decl)));
                }
            }
        }
        definitions
    }
}

#[derive(Clone, Copy)]
enum Definition<'p> {
    Message(&'p MessageProto),
    Enum(&'p EnumProto),
}

/// One file, looked through.
struct Check<'p> {
    definitions: &'p HashMap<String, Vec<(usize, Definition<'p>)>>,
    /// The files whose definitions count.
    visible: HashSet<usize>,
    /// The full names in the file so far.
    taken: HashSet<String>,
}

impl<'p> Check<'p> {
    fn file(&mut self, file: &FileProto) -> Verdict {
        let package = file.package.as_deref().unwrap_or_default();
        for part in package.split('.').filter(|_| !package.is_empty()) {
            check_spelling(part)?;
        }
        // Extensions of one message may share a number with those of another, so with fields too.
        self.scope(package, &file.message_type, &file.enum_type, &file.extension)?;
        for service in &file.service {
            let name = self.take(package, service.name.as_deref())?;
            for method in &service.method {
                self.take(&name, method.name.as_deref())?;
            }
        }
        Ok(())
    }

    fn scope(
        &mut self,
        scope: &str,
        messages: &[MessageProto],
        enums: &[EnumProto],
        extensions: &[FieldProto],
    ) -> Verdict {
        for message in messages {
            self.message(scope, message)?;
        }
        for decl in enums {
            self.enumeration(scope, decl)?;
        }
        for field in extensions {
            let name = self.field(scope, field)?;
            let extendee = field.extendee.as_deref().unwrap_or_default();
            let Some(Definition::Message(target)) = self.definition(extendee) else {
                return Err(format!("'{name}' extends '{extendee}', which is no message here"));
            };
            let number = field.number.unwrap_or_default();
            let is_open = target.extension_range.iter().any(|range| {
                (range.start.unwrap_or_default()..range.end.unwrap_or_default()).contains(&number)
            });
            if !is_open {
                return Err(format!("'{extendee}' has no extension range with number {number}"));
            }
        }
        Ok(())
    }

    fn message(&mut self, scope: &str, message: &MessageProto) -> Verdict {
        let name = self.take(scope, message.name.as_deref())?;
        let mut numbers: HashMap<i32, &str> = HashMap::new();
        for field in &message.field {
            self.field(&name, field)?;
            let own = field.name.as_deref().unwrap_or_default();
            let number = field.number.unwrap_or_default();
            if let Some(other) = numbers.insert(number, own) {
                return Err(format!("'{other}' and '{own}' of '{name}' share number {number}"));
            }
        }
        self.scope(&name, &message.nested_type, &message.enum_type, &message.extension)
    }

    fn enumeration(&mut self, scope: &str, decl: &EnumProto) -> Verdict {
        let name = self.take(scope, decl.name.as_deref())?;
        if decl.value.is_empty() {
            return Err(format!("the enum '{name}' has no constant"));
        }
        for value in &decl.value {
            self.take(&name, value.name.as_deref())?;
        }
        Ok(())
    }

    /// Its full name.
    fn field(&mut self, scope: &str, field: &FieldProto) -> Result<String, String> {
        let name = self.take(scope, field.name.as_deref())?;
        let number = field.number.unwrap_or_default();
        if number <= 0 {
            return Err(format!("'{name}' has number {number}; numbers start with 1"));
        }
        let of = match field.type_name.as_deref() {
            Some(type_name) => {
                let of = self.definition(type_name).ok_or_else(|| {
                    format!(
                        "'{name}' has the type '{type_name}', which neither the file nor an import \
                         defines"
                    )
                })?;
                let kind = field.r#type.unwrap_or_default();
                if matches!(of, Definition::Enum(_)) != (kind == TYPE_ENUM) {
                    return Err(format!("'{name}' has the type '{type_name}' of another kind"));
                }
                Some(of)
            }
            None => None,
        };
        let is_repeated = field.label == Some(REPEATED);
        let kind = field.r#type.unwrap_or_default();
        let packed = field.options.as_ref().and_then(|options| options.packed).unwrap_or_default();
        if packed && (!is_repeated || UNPACKABLE.contains(&kind)) {
            return Err(format!("'{name}' is packed, and no list of numbers"));
        }
        if let Some(default) = &field.default_value {
            let is_right = match of {
                _ if is_repeated => false,
                Some(Definition::Message(_)) => false,
                Some(Definition::Enum(decl)) => {
                    decl.value.iter().any(|value| value.name.as_ref() == Some(default))
                }
                None => is_value(kind, default),
            };
            if !is_right {
                return Err(format!("'{name}' cannot have the default '{default}'"));
            }
        }
        Ok(name)
    }

    /// The full name of a declaration, which must be new in the file.
    fn take(&mut self, scope: &str, name: Option<&str>) -> Result<String, String> {
        check_spelling(name.unwrap_or_default())?;
        let name = joined(scope, name);
        if !self.taken.insert(name.clone()) {
            return Err(format!("'{name}' is defined twice"));
        }
        Ok(name)
    }

    fn definition(&self, type_name: &str) -> Option<Definition<'p>> {
        let known = self.definitions.get(type_name.strip_prefix('.')?)?;
        known.iter().find(|(file, _)| self.visible.contains(file)).map(|(_, found)| *found)
    }
}

fn check_spelling(name: &str) -> Verdict {
    let is_right = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_right { Ok(()) } else { Err(format!("'{name}' is no name")) }
}

/// Whether a scalar of that kind can have the value.
fn is_value(kind: i32, text: &str) -> bool {
    match kind {
        1 | 2 => matches!(text, "inf" | "-inf" | "nan") || text.parse::<f64>().is_ok(),
        3 | 16 | 18 => text.parse::<i64>().is_ok(),
        4 | 6 => text.parse::<u64>().is_ok(),
        5 | 15 | 17 => text.parse::<i32>().is_ok(),
        7 | 13 => text.parse::<u32>().is_ok(),
        // Any text will do: what is not true is false.
        _ => true,
    }
}
