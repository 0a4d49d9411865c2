//! `levada subject`, `schema`, `config get|set|unset`, `mode` and `context`: the registry's REST API
//! for people and scripts. Answers are lines of names, or the registry's own JSON.

mod args;

use std::process::ExitCode;

use levada_schema_check::report::plural;
use levada_serde::RegistryClient;
use levada_serde::client::{Call, RegistryError};
use serde_json::{Map, Value, json};

pub(crate) use args::{ConfigCommand, ContextCommand, ModeCommand, SchemaCommand, SubjectCommand};
use args::{DraftArgs, ScopeArgs, TargetArgs};

use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::output::print;
use crate::registry::RegistryArgs;
use crate::runtime;

/// Error codes of what is soft-deleted already: a subject, a version.
const SOFT_DELETED: [u32; 2] = [40404, 40406];

/// A registry to be asked.
struct Session {
    client: RegistryClient,
    context: Option<String>,
}

impl Session {
    /// The registry itself.
    fn whole(registry: &RegistryArgs, globals: &Globals) -> Result<Self, Failure> {
        let mut endpoint = registry.endpoint(globals, &globals.settings()?.registry)?;
        endpoint.context = None;
        Ok(Self { client: endpoint.client()?, context: None })
    }

    /// What names say is what counts here, so that a context is put into them.
    fn of(scope: &ScopeArgs, globals: &Globals) -> Result<Self, Failure> {
        let endpoint = scope.registry.endpoint(globals, &globals.settings()?.registry)?;
        let mut endpoint = endpoint.within(&scope.context);
        let context = endpoint.context.take();
        Ok(Self { client: endpoint.client()?, context })
    }

    /// The subject in its context.
    fn name(&self, subject: &str) -> String {
        match &self.context {
            Some(context) if !subject.starts_with(":.") => format!(":{context}:{subject}"),
            _ => subject.to_owned(),
        }
    }

    fn call(&self, call: Call<'_>) -> Result<Value, Failure> {
        self.answer(call)?.map_err(|error| Failure::new(exit::REGISTRY, error))
    }

    fn answer(&self, call: Call<'_>) -> Result<Result<Value, RegistryError>, Failure> {
        Ok(runtime::new()?.block_on(self.client.call::<Value>(call)))
    }

    /// Path segments below `config` or `mode`.
    fn path(&self, kind: &'static str, subject: Option<&str>) -> Vec<String> {
        match (subject, &self.context) {
            (None, None) => vec![kind.to_owned()],
            (subject, _) => vec![kind.to_owned(), self.name(subject.unwrap_or_default())],
        }
    }
}

fn lines(names: &Value) -> String {
    let names = names.as_array().map(Vec::as_slice).unwrap_or_default();
    names
        .iter()
        .map(|name| name.as_str().map_or_else(|| format!("{name}\n"), |name| format!("{name}\n")))
        .collect()
}

fn version_lines(versions: &[Value]) -> String {
    let line = |found: &Value| {
        let schema_type = found["type"].as_str().unwrap_or_default();
        format!("version {}  id {}  {schema_type}\n", found["version"], found["id"])
    };
    versions.iter().map(line).collect()
}

fn answer(value: &Value) -> Result<ExitCode, Failure> {
    print(format_args!("{value:#}\n"))?;
    Ok(ExitCode::from(exit::OK))
}

pub(crate) fn run_subject(
    command: &SubjectCommand,
    globals: &Globals,
) -> Result<ExitCode, Failure> {
    match command {
        SubjectCommand::List { prefix, deleted, scope, answer } => {
            let session = Session::of(scope, globals)?;
            let prefix = session.name(prefix);
            let deleted = deleted.to_string();
            let query = [("subjectPrefix", prefix.as_str()), ("deleted", deleted.as_str())];
            answer.write(&session.call(Call::get(&["subjects"]).query(&query))?, lines)?;
        }
        SubjectCommand::Show { subject, scope, answer } => {
            let session = Session::of(scope, globals)?;
            let name = session.name(subject);
            let numbers = session.call(Call::get(&["subjects", &name, "versions"]))?;
            let mut versions = Vec::new();
            for number in numbers.as_array().into_iter().flatten() {
                let text = number.to_string();
                let found = session.call(Call::get(&["subjects", &name, "versions", &text]))?;
                let schema_type = found["schemaType"].as_str().unwrap_or("AVRO");
                let version = json!({"version": number, "id": found["id"], "type": schema_type});
                versions.push(version);
            }
            answer.write(&versions, |versions| version_lines(versions))?;
        }
        SubjectCommand::Undelete { subject, scope } => {
            let session = Session::of(scope, globals)?;
            undelete(&session, &session.name(subject), globals)?;
        }
        SubjectCommand::Delete { subject, permanent, scope } => {
            let session = Session::of(scope, globals)?;
            let name = session.name(subject);
            print(lines(&delete(&session, &["subjects", &name], *permanent)?))?;
        }
    }
    Ok(ExitCode::from(exit::OK))
}

/// Softly, and for good if it shall be so; what is soft-deleted already needs only that.
fn delete(session: &Session, path: &[&str], permanent: bool) -> Result<Value, Failure> {
    let soft = session.answer(Call::delete(path))?;
    if !permanent {
        return soft.map_err(|error| Failure::new(exit::REGISTRY, error));
    }
    match soft {
        Err(error) if !error.error_code().is_some_and(|code| SOFT_DELETED.contains(&code)) => {
            Err(Failure::new(exit::REGISTRY, error))
        }
        _ => session.call(Call::delete(path).query(&[("permanent", "true")])),
    }
}

/// The version that is meant: once the latest is soft-deleted, another one is the latest.
fn version_number(session: &Session, subject: &str, version: &str) -> Result<String, Failure> {
    if version != "latest" && version != "-1" {
        return Ok(version.to_owned());
    }
    let found = session.call(Call::get(&["subjects", subject, "versions", version]))?;
    Ok(found["version"].to_string())
}

/// Registers every soft-deleted version again: it keeps its id and gets the next version number.
fn undelete(session: &Session, subject: &str, globals: &Globals) -> Result<(), Failure> {
    let path = ["subjects", subject, "versions"];
    let live = match session.answer(Call::get(&path))? {
        // A subject without live versions is not found.
        Err(error) if error.status() == Some(404) => Value::Null,
        live => live.map_err(|error| Failure::new(exit::REGISTRY, error))?,
    };
    let all = session.call(Call::get(&path).query(&[("deleted", "true")]))?;
    let is_deleted = |number: &&Value| !live.as_array().is_some_and(|live| live.contains(number));
    let deleted = all.as_array().into_iter().flatten().filter(is_deleted);
    for (done, number) in deleted.enumerate() {
        let made = match register_again(session, subject, &number.to_string()) {
            Err(failure) if done > 0 => {
                let made = plural(done, "version");
                let message = format!(
                    "stopped midway at version {number}: {}. {made} registered again until then. The \
                     same command goes on from here",
                    failure.message()
                );
                return Err(Failure::new(exit::PARTLY, message));
            }
            made => made?,
        };
        let (version, id) = (&made["version"], &made["id"]);
        globals.tell(format_args!(
            "version {number} is there again, as version {version} with id {id}\n"
        ))?;
    }
    Ok(())
}

fn register_again(session: &Session, subject: &str, number: &str) -> Result<Value, Failure> {
    let at = ["subjects", subject, "versions", number];
    let found = session.call(Call::get(&at).query(&[("deleted", "true")]))?;
    let member = |name: &str| found.get(name).map(|value| (name.to_owned(), value.clone()));
    let names = ["schema", "schemaType", "references", "metadata", "ruleSet"];
    let body: Map<String, Value> = names.into_iter().filter_map(member).collect();
    let body = Value::Object(body).to_string().into_bytes();
    session.call(Call::post(&["subjects", subject, "versions"], body))
}

pub(crate) fn run_schema(command: &SchemaCommand, globals: &Globals) -> Result<ExitCode, Failure> {
    match command {
        SchemaCommand::Get { subject, version, id, resolve, scope } => {
            let session = Session::of(scope, globals)?;
            let format = if *resolve { "resolved" } else { "" };
            let query = [("format", format)];
            let found = match (subject, id) {
                (Some(subject), _) => {
                    let name = session.name(subject);
                    let path = ["subjects", name.as_str(), "versions", version.as_str()];
                    session.call(Call::get(&path).query(&query))?
                }
                (None, id) => {
                    let id = id.unwrap_or_default().to_string();
                    // An id is one of a context; a subject says which.
                    let context = session.name("");
                    let query = [query[0], ("subject", context.as_str())];
                    session.call(Call::get(&["schemas", "ids", &id]).query(&query))?
                }
            };
            print(format_args!("{}\n", found["schema"].as_str().unwrap_or_default()))?;
            Ok(ExitCode::from(exit::OK))
        }
        SchemaCommand::Register(draft) => {
            let session = Session::of(&draft.scope, globals)?;
            let name = session.name(&draft.subject);
            submit(&session, draft, &["subjects", &name, "versions"])
        }
        SchemaCommand::Lookup(draft) => {
            let session = Session::of(&draft.scope, globals)?;
            let name = session.name(&draft.subject);
            submit(&session, draft, &["subjects", &name])
        }
        SchemaCommand::Delete { subject, version, permanent, scope } => {
            let session = Session::of(scope, globals)?;
            let name = session.name(subject);
            let version = version_number(&session, &name, version)?;
            answer(&delete(&session, &["subjects", &name, "versions", &version], *permanent)?)
        }
        SchemaCommand::Refs { subject, version, scope, answer } => {
            let session = Session::of(scope, globals)?;
            let name = session.name(subject);
            let path = ["subjects", &name, "versions", version, "referencedby"];
            answer.write(&session.call(Call::get(&path))?, lines)?;
            Ok(ExitCode::from(exit::OK))
        }
    }
}

fn submit(session: &Session, draft: &DraftArgs, path: &[&str]) -> Result<ExitCode, Failure> {
    let shown = draft.file.display();
    let text = std::fs::read_to_string(&draft.file)
        .map_err(|error| Failure::new(exit::NO_INPUT, format!("cannot read {shown}: {error}")))?;
    let known = levada_schema_check::layout::by_extension(&draft.file.to_string_lossy());
    let schema_type = draft.schema_type.or(known).ok_or_else(|| {
        let message = format!(
            "cannot tell the schema type of {shown}: name it .avsc, .proto or .json, or give --type"
        );
        Failure::new(exit::USAGE, message)
    })?;
    let references: Vec<Value> =
        draft.references.iter().map(|text| reference(text)).collect::<Result<_, _>>()?;
    let body =
        json!({"schema": text, "schemaType": schema_type.as_str(), "references": references});
    let normalize = draft.normalize.to_string();
    let query = [("normalize", normalize.as_str())];
    answer(&session.call(Call::post(path, body.to_string().into_bytes()).query(&query))?)
}

/// `NAME=SUBJECT:VERSION`; a subject may have colons of its own.
fn reference(text: &str) -> Result<Value, Failure> {
    let parts = || {
        let (name, target) = text.split_once('=')?;
        let (subject, version) = target.rsplit_once(':')?;
        Some(json!({"name": name, "subject": subject, "version": version.parse::<i32>().ok()?}))
    };
    parts().ok_or_else(|| {
        let message = format!("--reference {text} is not NAME=SUBJECT:VERSION");
        Failure::new(exit::USAGE, message)
    })
}

pub(crate) fn run_config(command: &ConfigCommand, globals: &Globals) -> Result<ExitCode, Failure> {
    match command {
        ConfigCommand::Get(target) => shown("config", target, globals),
        ConfigCommand::Unset(target) => unset("config", target, globals),
        ConfigCommand::Set { target, level, policy, normalize, alias, group } => {
            let mut body = Map::new();
            let mut set = |name: &str, value: Option<Value>| {
                body.extend(value.map(|value| (name.to_owned(), value)));
            };
            set("compatibility", level.map(|level| level.as_str().into()));
            set("compatibilityPolicy", policy.map(|policy| policy.as_str().into()));
            set("normalize", normalize.map(Value::Bool));
            set("alias", alias.clone().map(Value::String));
            set("compatibilityGroup", group.clone().map(Value::String));
            if body.is_empty() {
                return Err(Failure::new(
                    exit::USAGE,
                    "nothing to set; say --level, --policy, --normalize, --alias or --group",
                ));
            }
            put("config", target, &Value::Object(body), &[], globals)
        }
    }
}

pub(crate) fn run_mode(command: &ModeCommand, globals: &Globals) -> Result<ExitCode, Failure> {
    match command {
        ModeCommand::Get(target) => shown("mode", target, globals),
        ModeCommand::Unset(target) => unset("mode", target, globals),
        ModeCommand::Set { target, mode, force } => {
            let force = force.to_string();
            let body = json!({"mode": mode.to_uppercase()});
            put("mode", target, &body, &[("force", force.as_str())], globals)
        }
    }
}

fn shown(kind: &'static str, target: &TargetArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let session = Session::of(&target.scope, globals)?;
    let path = session.path(kind, target.subject.as_deref());
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    answer(&session.call(Call::get(&path).query(&[("defaultToGlobal", "true")]))?)
}

fn unset(kind: &'static str, target: &TargetArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let session = Session::of(&target.scope, globals)?;
    let path = session.path(kind, target.subject.as_deref());
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    answer(&session.call(Call::delete(&path))?)
}

fn put(
    kind: &'static str,
    target: &TargetArgs,
    body: &Value,
    query: &[(&str, &str)],
    globals: &Globals,
) -> Result<ExitCode, Failure> {
    let session = Session::of(&target.scope, globals)?;
    let path = session.path(kind, target.subject.as_deref());
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    answer(&session.call(Call::put(&path, body.to_string().into_bytes()).query(query))?)
}

pub(crate) fn run_context(
    command: &ContextCommand,
    globals: &Globals,
) -> Result<ExitCode, Failure> {
    match command {
        ContextCommand::List { registry, answer } => {
            let session = Session::whole(registry, globals)?;
            answer.write(&session.call(Call::get(&["contexts"]))?, lines)?;
        }
        ContextCommand::Delete { context, registry } => {
            let session = Session::whole(registry, globals)?;
            session.call(Call::delete(&["contexts", context]))?;
        }
    }
    Ok(ExitCode::from(exit::OK))
}
