//! References between files: what a schema names is looked for in the other files of its tree.

use std::collections::{HashMap, HashSet};

use levada_schema_core::{Limits, Outline, Reference, ResolvedReference, SchemaType};
use sha2::{Digest, Sha256};

use crate::layout::{Layout, Placed};
use crate::tree::{Tree, folder_of, join};

/// Finds what the schemas of a tree refer to.
pub(crate) struct Resolver<'t> {
    tree: &'t Tree,
    layout: &'t Layout,
    limits: &'t Limits,
    /// The files in which a name that needs no path is defined: as their main type before others.
    by_name: Option<HashMap<String, Vec<Definition>>>,
}

struct Definition {
    path: String,
    is_main: bool,
}

/// What a schema refers to, directly and through others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closure {
    /// In dependency order.
    pub(crate) references: Vec<ResolvedReference>,
    /// The files that the schema itself refers to, by the name of the reference.
    pub(crate) direct: Vec<(String, String)>,
    /// Why some of it is missing. What was merely not found shows when the schema is parsed.
    pub(crate) problem: Option<String>,
}

/// A walk through the references of one schema.
struct Walk {
    schema_type: SchemaType,
    import_roots: std::sync::Arc<[String]>,
    seen: HashSet<String>,
    /// The files on the way to here.
    way: Vec<String>,
    bytes: usize,
    closure: Closure,
}

impl<'t> Resolver<'t> {
    pub(crate) fn new(tree: &'t Tree, layout: &'t Layout, limits: &'t Limits) -> Self {
        Self { tree, layout, limits, by_name: None }
    }

    /// Everything that the file at `path` refers to.
    pub(crate) fn closure(&mut self, path: &str, placed: &Placed) -> Closure {
        let mut walk = Walk {
            schema_type: placed.schema_type,
            import_roots: placed.import_roots.clone(),
            seen: HashSet::new(),
            way: vec![path.to_owned()],
            bytes: 0,
            closure: Closure::default(),
        };
        if let Err(problem) = self.visit(&mut walk, None) {
            walk.closure.problem = Some(problem);
        }
        walk.closure
    }

    /// Adds what the last file of the way needs. Its depth is bounded by the limits.
    fn visit(&mut self, walk: &mut Walk, known_as: Option<&str>) -> Result<(), String> {
        let Some(path) = walk.way.last().cloned() else { return Ok(()) };
        let Some(text) = self.tree.text(&path) else { return Ok(()) };
        // A text that cannot be read is refused when it is parsed.
        let outline = Outline::read(walk.schema_type, text, known_as, self.limits);
        let Ok(outline) = outline else { return Ok(()) };
        for need in outline.needs {
            let Some(target) = self.find(walk, &path, &need.name, &need.written)? else { continue };
            if known_as.is_none() {
                walk.closure.direct.push((need.name.clone(), target.clone()));
            }
            if walk.way.contains(&target) {
                if walk.schema_type == SchemaType::Json {
                    continue; // Documents may point at each other.
                }
                let way = walk.way.join(" -> ");
                return Err(format!("the references go round in a circle: {way} -> {target}"));
            }
            if !walk.seen.insert(need.name.clone()) {
                continue;
            }
            self.enter(walk, &target, &need.name)?;
        }
        Ok(())
    }

    fn enter(&mut self, walk: &mut Walk, target: &str, name: &str) -> Result<(), String> {
        let Limits { reference_depth_max, closure_max, closure_bytes_max, .. } = *self.limits;
        if walk.way.len() > reference_depth_max {
            return Err(format!(
                "more than {reference_depth_max} levels of references (setting reference-depth-max)"
            ));
        }
        walk.way.push(target.to_owned());
        let inside = walk.closure.references.len();
        self.visit(walk, Some(name))?;
        walk.way.pop();
        let Some(text) = self.tree.text(target) else { return Ok(()) };
        walk.bytes = walk.bytes.saturating_add(text.len());
        if walk.closure.references.len() >= closure_max || walk.bytes > closure_bytes_max {
            return Err(format!(
                "more than {closure_max} referenced schemas or {closure_bytes_max} bytes of them \
                 (settings closure-max, closure-bytes-max)"
            ));
        }
        let behind = walk.closure.references.get(inside..).unwrap_or_default();
        let reference = Reference {
            name: name.to_owned(),
            subject: self.subject_of(target, text),
            version: content_version(text, behind),
        };
        walk.closure.references.push(ResolvedReference { reference, text: text.to_string() });
        Ok(())
    }

    /// The subject of a referenced file; one that is no schema of its own goes by its path.
    fn subject_of(&self, path: &str, text: &str) -> String {
        let placed = self.layout.place(path, self.tree);
        placed.map_or_else(|| path.to_owned(), |placed| placed.subject(path, text, self.limits))
    }

    /// The file that is meant by `name`, which `from` says as `written`.
    fn find(
        &mut self,
        walk: &Walk,
        from: &str,
        name: &str,
        written: &str,
    ) -> Result<Option<String>, String> {
        let has = |path: Option<String>| path.filter(|path| self.tree.text(path).is_some());
        match walk.schema_type {
            SchemaType::Avro => self.definition(SchemaType::Avro, name, from),
            SchemaType::Protobuf => {
                let roots = walk.import_roots.iter().map(String::as_str);
                let mut folders = roots.chain(["", folder_of(from)]);
                Ok(folders.find_map(|folder| has(join(folder, written))))
            }
            SchemaType::Json => match has(join(folder_of(from), written)) {
                Some(found) => Ok(Some(found)),
                None => self.definition(SchemaType::Json, name, from),
            },
        }
    }

    /// The file that defines a name: by its main type if there is one, and beside `from` rather
    /// than elsewhere.
    fn definition(
        &mut self,
        schema_type: SchemaType,
        name: &str,
        from: &str,
    ) -> Result<Option<String>, String> {
        let index = self.by_name.take().unwrap_or_else(|| self.index());
        let key = key_of(schema_type, name);
        let all: Vec<&Definition> =
            index.get(&key).into_iter().flatten().filter(|found| found.path != from).collect();
        let mains: Vec<&Definition> = all.iter().copied().filter(|found| found.is_main).collect();
        let candidates = if mains.is_empty() { all } else { mains };
        let beside: Vec<&Definition> = candidates
            .iter()
            .copied()
            .filter(|found| folder_of(&found.path) == folder_of(from))
            .collect();
        let candidates = if beside.is_empty() { candidates } else { beside };
        let found = match candidates.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(only.path.clone())),
            [first, second, ..] => Err(format!(
                "{name} is defined in both {} and {}, and neither lies beside this file",
                first.path, second.path
            )),
        };
        self.by_name = Some(index);
        found
    }

    fn index(&self) -> HashMap<String, Vec<Definition>> {
        let mut index: HashMap<String, Vec<Definition>> = HashMap::new();
        for path in self.tree.files.keys() {
            let (Some(text), Some(schema_type)) = (self.tree.text(path), self.type_of(path)) else {
                continue;
            };
            let Ok(outline) = Outline::read(schema_type, text, None, self.limits) else { continue };
            for name in outline.defines {
                let is_main = outline.main.as_ref() == Some(&name);
                let definition = Definition { path: path.clone(), is_main };
                index.entry(key_of(schema_type, &name)).or_default().push(definition);
            }
        }
        index
    }

    fn type_of(&self, path: &str) -> Option<SchemaType> {
        let placed = self.layout.place(path, self.tree).map(|placed| placed.schema_type);
        placed.or_else(|| crate::layout::by_extension(path))
    }
}

fn key_of(schema_type: SchemaType, name: &str) -> String {
    format!("{schema_type} {name}")
}

/// Files have no version numbers, but the same content must have the same and another one another:
/// what lies behind the same subject and version is not compared again.
pub(crate) fn content_version(text: &str, behind: &[ResolvedReference]) -> i32 {
    let mut hash = Sha256::new();
    hash.update(text);
    for target in behind {
        hash.update([0]);
        hash.update(target.reference.version.to_be_bytes());
    }
    let digest = hash.finalize();
    let bytes = digest.iter().take(4).fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
    i32::try_from(bytes >> 1).unwrap_or(i32::MAX).max(1)
}
