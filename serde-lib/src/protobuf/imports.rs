//! The schema text of a compiled file, and its imports as references of the registry.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use levada_schema_core::protobuf::{ProtobufSchema, is_well_known};
use levada_schema_core::{Limits, Reference, ResolvedReference, SchemaType};
use prost_reflect::FileDescriptor;

use crate::Error;
use crate::client::{Registered, RegistryClient, SchemaDefinition};

/// The rule that makes the subject of an import from its path.
#[derive(Clone, Default)]
pub enum ReferenceSubjectStrategy {
    /// The path as it stands in the import: `shop/line.proto`.
    #[default]
    Path,
    /// With dots and without the ending: `shop.line`.
    Qualified,
    /// What a function makes of the path.
    Custom(Arc<dyn Fn(&str) -> String + Send + Sync>),
}

impl ReferenceSubjectStrategy {
    fn subject(&self, path: &str) -> String {
        match self {
            Self::Path => path.to_owned(),
            Self::Qualified => path.strip_suffix(".proto").unwrap_or(path).replace('/', "."),
            Self::Custom(subject) => subject(path),
        }
    }
}

impl fmt::Debug for ReferenceSubjectStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Path => "Path",
            Self::Qualified => "Qualified",
            Self::Custom(_) => "Custom",
        })
    }
}

/// How the imports of a file become references.
#[derive(Debug)]
pub(super) struct Imports {
    pub(super) subjects: ReferenceSubjectStrategy,
    /// Imports that every registry knows, such as `google/protobuf/any.proto`, are no references.
    pub(super) skips_known: bool,
    /// Imports are looked up and never registered.
    pub(super) looks_up_only: bool,
}

/// What is done with a file that the registry shall know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Submit {
    Register { normalize: bool },
    Lookup { normalize: bool },
}

impl Imports {
    /// `file` as it is registered, after its imports have been registered or looked up.
    pub(super) async fn definition(
        &self,
        client: &RegistryClient,
        file: &FileDescriptor,
        submit: Submit,
    ) -> Result<SchemaDefinition, Error> {
        let submit = match submit {
            Submit::Register { normalize } if self.looks_up_only => Submit::Lookup { normalize },
            submit => submit,
        };
        let mut resolved: Vec<ResolvedReference> = Vec::new();
        let mut known: HashMap<String, Reference> = HashMap::new();
        for import in self.in_order(file) {
            let references = import.dependencies();
            let references = references.filter_map(|it| known.get(it.name()).cloned()).collect();
            let text = text_of(&import, &resolved)?;
            let (schema_type, text) = (SchemaType::Protobuf, text);
            let definition = SchemaDefinition { schema_type, text, references };
            if import == *file {
                return Ok(definition);
            }
            let name = import.name().to_owned();
            let subject = self.subjects.subject(&name);
            let version = version_of(client, &subject, &definition, submit).await?;
            let reference = Reference { name: name.clone(), subject, version };
            known.insert(name, reference.clone());
            resolved.push(ResolvedReference { reference, text: definition.text });
        }
        Err(Error::Config(format!("`{}` imports itself", file.name())))
    }

    /// The text of `file` and those of its imports, without any registry.
    pub(super) fn texts(
        &self,
        file: &FileDescriptor,
    ) -> Result<(String, Vec<ResolvedReference>), Error> {
        let mut resolved: Vec<ResolvedReference> = Vec::new();
        for import in self.in_order(file) {
            let text = text_of(&import, &resolved)?;
            if import == *file {
                return Ok((text, resolved));
            }
            let name = import.name().to_owned();
            let reference = Reference { name, subject: String::new(), version: 0 };
            resolved.push(ResolvedReference { reference, text });
        }
        Err(Error::Config(format!("`{}` imports itself", file.name())))
    }

    /// Every import behind its own imports, `file` at the end; each once.
    fn in_order(&self, file: &FileDescriptor) -> Vec<FileDescriptor> {
        let mut ordered = Vec::new();
        self.visit(file, &mut HashSet::new(), &mut ordered);
        ordered
    }

    fn visit(
        &self,
        file: &FileDescriptor,
        seen: &mut HashSet<String>,
        ordered: &mut Vec<FileDescriptor>,
    ) {
        if !seen.insert(file.name().to_owned()) {
            return;
        }
        for import in file.dependencies() {
            if !(self.skips_known && is_well_known(import.name())) {
                self.visit(&import, seen, ordered);
            }
        }
        ordered.push(file.clone());
    }
}

/// The version under which a schema is registered; older registries tell it on look-ups alone.
async fn version_of(
    client: &RegistryClient,
    subject: &str,
    definition: &SchemaDefinition,
    submit: Submit,
) -> Result<i32, Error> {
    let (registered, normalize) = match submit {
        Submit::Register { normalize } => {
            (client.register(subject, definition, normalize).await?, normalize)
        }
        Submit::Lookup { normalize } => {
            (client.lookup(subject, definition, normalize).await?, normalize)
        }
    };
    let version = match registered {
        Registered { version: Some(version), .. } => Some(version),
        _ => client.lookup(subject, definition, normalize).await?.version,
    };
    version.ok_or_else(|| {
        Error::Config(format!("the registry told no version for the import under '{subject}'"))
    })
}

/// The text that the registry stores for a compiled file. `imports` may hold more than it needs.
fn text_of(file: &FileDescriptor, imports: &[ResolvedReference]) -> Result<String, Error> {
    // What a compiler says of places in the source is dropped later, but it is long.
    let limits = Limits { text_bytes_max: 64 << 20, ..Limits::default() };
    let descriptor = STANDARD.encode(file.encode_to_vec());
    let schema = ProtobufSchema::parse(&descriptor, imports, &limits).map_err(|error| {
        Error::InvalidSchema { reason: format!("descriptor of `{}`: {error}", file.name()) }
    })?;
    Ok(schema.canonical().to_owned())
}
