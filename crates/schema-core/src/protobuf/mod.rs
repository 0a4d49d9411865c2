//! Protobuf schemas: parse, canonical text, normalized text.
//!
//! The reference reads `.proto` text leniently and prints it in an order of its own, so the text
//! has its own lexer, parser, tree and printer here. Descriptors in base64 come out as text too.

mod ast;
mod compat;
mod descriptor;
mod error;
mod example;
mod field_parser;
mod lexer;
mod normalize;
mod option_parser;
mod outline;
mod parser;
mod print;
mod strip;
mod style;
mod tags;
mod types;
mod well_known;

use std::sync::{Arc, OnceLock};

use prost_reflect::FileDescriptor;

pub(crate) use self::compat::compare;
pub use self::compat::{Difference, differences};
pub use self::descriptor::{
    DeclaredEnum, DeclaredEnumValue, DeclaredField, DeclaredFile, DeclaredMessage, DeclaredMeta,
    DeclaredOneof, DeclaredRule, DeclaredType,
};
pub(crate) use self::example::counter_example;
pub(crate) use self::outline::outline;
pub(crate) use self::style::style;

use self::ast::{File, TypeDecl};
use self::error::{Budget, Failure};
use self::types::Types;
use crate::limits::breach;
use crate::{Limits, ParseError, ParseErrorKind, Reference, ResolvedReference};

/// A parsed schema.
#[derive(Clone, Debug)]
pub struct ProtobufSchema {
    parsed: Arc<Parsed>,
}

#[derive(Debug)]
struct Parsed {
    /// The text, to tell places in it; none where the schema came as a descriptor.
    source: Option<String>,
    file: File,
    dependencies: Vec<Dependency>,
    canonical: OnceLock<String>,
    /// Under which it was parsed.
    limits: Limits,
}

impl Parsed {
    /// All files that can be named, those that hide the names of others last: the own one ends it.
    fn files(&self) -> impl Iterator<Item = &File> {
        let dependencies = &self.dependencies;
        let is_kept = |path: &str| dependencies.iter().all(|file| file.reference.name != path);
        let well_known = well_known::files().iter().filter(move |(path, _)| is_kept(path));
        let referenced = dependencies.iter().map(|dependency| &dependency.file);
        well_known.map(|(_, file)| file).chain(referenced).chain([&self.file])
    }
}

/// A referenced file. Its own names need not resolve, as the reference never looks.
#[derive(Debug)]
struct Dependency {
    reference: Reference,
    file: File,
}

/// What a schema declares and what it can name beside it.
#[derive(Clone, Debug)]
pub struct Declarations {
    pub own: DeclaredFile,
    /// By the names of the references.
    pub referenced: Vec<(String, DeclaredFile)>,
    /// By their paths.
    pub well_known: Vec<(String, DeclaredFile)>,
}

/// Whether a schema may import `path` without a reference that gives the file.
pub fn is_well_known(path: &str) -> bool {
    well_known::files().iter().any(|(known, _)| known == path)
}

impl ProtobufSchema {
    /// Parses `.proto` text or a base64 `FileDescriptorProto`. Every type that the fields and rpcs
    /// of the text name must stand in it, in a reference or in a well-known file.
    pub fn parse(
        text: &str,
        references: &[ResolvedReference],
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let mut budget = Budget::new(limits);
        let mut dependencies = Vec::with_capacity(references.len());
        for ResolvedReference { reference, text } in references {
            let read = read_file(text, limits, &mut budget).map_err(|failure| {
                let error = failure.into_error(text);
                ParseError::new(error.kind, format!("reference '{}': {error}", reference.name))
            })?;
            dependencies.push(Dependency { reference: reference.clone(), file: read.file });
        }
        let Read { file, is_text } =
            read_file(text, limits, &mut budget).map_err(|failure| failure.into_error(text))?;
        normalize::normalize(&file, &Types::collect(&file, &dependencies), limits)
            .and_then(|(normalized, odd)| {
                odd.map_or(Ok(()), |at| reads_back(at, &print::print(&normalized), limits))
            })
            .map_err(|failure| if is_text { failure } else { failure.without_place() })
            .map_err(|failure| failure.into_error(text))?;
        if file.is_empty() {
            return Err(ParseError::new(ParseErrorKind::Empty, "Empty schema"));
        }
        let parsed = Parsed {
            source: is_text.then(|| text.to_owned()),
            canonical: OnceLock::new(),
            limits: *limits,
            file,
            dependencies,
        };
        Ok(Self { parsed: Arc::new(parsed) })
    }

    pub fn canonical(&self) -> &str {
        self.parsed.canonical.get_or_init(|| print::print(&self.parsed.file))
    }

    pub fn normalized(&self) -> String {
        let Parsed { file, dependencies, limits, .. } = &*self.parsed;
        match normalize::normalize(file, &Types::collect(file, dependencies), limits) {
            Ok((normalized, _)) => print::print(&normalized),
            // Parsing has seen that it can be done.
            Err(_) => self.canonical().to_owned(),
        }
    }

    /// Imports are never written out.
    pub fn resolved(&self) -> String {
        self.canonical().to_owned()
    }

    /// The canonical text without custom options and extensions (`format=ignore_extensions`).
    pub fn without_extensions(&self) -> String {
        print::print(&strip::without_extensions(&self.parsed.file))
    }

    /// A base64 `FileDescriptorProto` of the file, not of its imports (`format=serialized`).
    pub fn serialized(&self) -> String {
        let Parsed { file, dependencies, .. } = &*self.parsed;
        let is_known = |path: &str| {
            dependencies.iter().any(|dependency| dependency.reference.name == path)
                || is_well_known(path)
        };
        descriptor::to_base64(file, &Types::collect(file, dependencies), is_known)
    }

    /// The file as a descriptor, in a pool with its references and the well-known types that they
    /// name; with all of these where an `Any` may hold one. Nested messages stand in the
    /// order in which a compiler counts them: groups and the entries of maps where their fields
    /// are. Services, and options that change no bytes, are left out.
    pub fn linked(&self) -> Result<FileDescriptor, ParseError> {
        let Parsed { file, dependencies, .. } = &*self.parsed;
        let types = Types::collect(file, dependencies);
        let files: Vec<_> = self.parsed.files().collect();
        let well_known = files.len() - dependencies.len() - 1;
        descriptor::linked_files(&files, well_known, &types).map_err(|reason| {
            let message = format!("the schema cannot be linked: {reason}");
            ParseError::new(ParseErrorKind::Invalid, message)
        })
    }

    /// The declarations of all files that can be named, which need not link.
    pub fn declarations(&self) -> Declarations {
        let Parsed { file, dependencies, .. } = &*self.parsed;
        let types = Types::collect(file, dependencies);
        let declared = |file: &File| descriptor::declared_file(file, &types);
        let is_kept = |path: &str| dependencies.iter().all(|file| file.reference.name != path);
        let well_known = well_known::files().iter().filter(|(path, _)| is_kept(path));
        let referenced = dependencies.iter();
        Declarations {
            own: declared(file),
            referenced: referenced
                .map(|known| (known.reference.name.clone(), declared(&known.file)))
                .collect(),
            well_known: well_known.map(|(path, file)| (path.clone(), declared(file))).collect(),
        }
    }

    /// What keeps the file, or one that it imports, from being a descriptor; for registries that
    /// are told to validate fields.
    pub(crate) fn descriptor_fault(&self) -> Option<String> {
        let Parsed { file, dependencies, .. } = &*self.parsed;
        let imported = |path: &str| {
            let given = dependencies.iter().find(|dependency| dependency.reference.name == path);
            let given = given.map(|dependency| (&dependency.file, false));
            let well_known = || well_known::files().iter().find(|(known, _)| known == path);
            let found = given.or_else(|| well_known().map(|(_, file)| (file, true)));
            found.map(|(file, is_well_known)| descriptor::Importable { file, is_well_known })
        };
        descriptor::check(file, imported, &Types::collect(file, dependencies)).err()
    }

    pub(crate) fn has_top_level_field(&self, name: &str) -> bool {
        self.parsed.file.types.iter().any(|decl| match decl {
            TypeDecl::Message(message) => {
                let in_oneofs = message.oneofs.items.iter().flat_map(|oneof| &oneof.fields);
                message.fields.iter().chain(in_oneofs).any(|field| field.name == name)
            }
            TypeDecl::Enum(_) => false,
        })
    }

    /// Equal in the canonical text: comments and layout do not count, the order of fields does.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

/// The reference prints some texts without quotes or escapes and refuses what it then cannot read.
fn reads_back(at: usize, normalized: &str, limits: &Limits) -> error::Result<()> {
    parser::parse(normalized, &mut Budget::new(limits)).map(drop).map_err(|failure| {
        let message = format!("its normalized text cannot be read: {}", failure.message);
        Failure::new(failure.kind, at, message)
    })
}

/// A file and whether it was text, in which places can be told.
struct Read {
    file: File,
    is_text: bool,
}

/// Text first; base64 only where the text is no `.proto`, and then the first failure is the one to
/// tell, because few people mean to send a descriptor.
fn read_file(text: &str, limits: &Limits, budget: &mut Budget) -> error::Result<Read> {
    if text.len() > limits.text_bytes_max {
        let what = format!("schema text has {} bytes", text.len());
        let message = breach(&what, limits.text_bytes_max, "text-bytes-max");
        return Err(Failure::new(ParseErrorKind::TooLarge, 0, message).without_place());
    }
    let failure = match parser::parse(text, budget) {
        Ok(file) => return Ok(Read { file, is_text: true }),
        Err(failure) if failure.kind == ParseErrorKind::TooLarge => return Err(failure),
        Err(failure) => failure,
    };
    budget.restart();
    let file = descriptor::from_base64(text, budget).unwrap_or(Err(failure))?;
    Ok(Read { file, is_text: false })
}

#[cfg(test)]
mod tests;
