//! `levada config`: every setting of `serve`, its value, and where that comes from.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use toml::{Table, Value};

use crate::args::{ConfigArgs, Given, Setting};
use crate::config_file::{self, ConfigFile};
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::limits::{self, LimitArgs};
use crate::output::print;
use crate::{rest, serve};

/// What stands in the place of a value that nobody shall see.
const HIDDEN: &str = "(not shown)";

/// A line of the answer.
struct Line {
    name: String,
    value: String,
    origin: String,
}

/// Settings with which `serve` would not start are an error, as they are there.
pub(crate) fn run(args: ConfigArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let ConfigArgs { serve: args, settings, registry } = args;
    if let Some(command) = registry {
        return rest::run_config(&command, globals);
    }
    let path = globals.settings_path()?;
    let (file, table) = match &path {
        None => (ConfigFile::default(), Table::new()),
        Some(path) => (config_file::read(path)?, config_file::read(path)?),
    };
    let serve = settings.into_iter().map(|setting| serve_line(setting, &table));
    let limits = limits::defaults().map(|limit| limit_line(limit, &args.limits, &table));
    let text = table_of(path.as_deref(), &serve.chain(limits).collect::<Vec<_>>());
    serve::check_settings(args, file)?;
    print(text)?;
    Ok(ExitCode::from(exit::OK))
}

fn serve_line(setting: Setting, file: &Table) -> Line {
    let Setting { name, default, is_secret, given } = setting;
    let given = given.or_else(|| filed(file, "serve", &name));
    let Given { value, origin } = match given {
        Some(Given { origin, .. }) if is_secret => Given { value: HIDDEN.to_owned(), origin },
        Some(given) => given,
        None => by_default(default.unwrap_or_else(|| "none".to_owned())),
    };
    Line { name: format!("serve.{name}"), value, origin }
}

fn limit_line((name, default): (String, usize), args: &LimitArgs, file: &Table) -> Line {
    let flag = args
        .flag(&name)
        .map(|value| Given { value: value.to_string(), origin: "flag --limit".to_owned() });
    let variable = || {
        let key = limits::variable_of(&name);
        limits::variable(&key).map(|value| Given { value, origin: format!("variable {key}") })
    };
    let given = flag.or_else(variable).or_else(|| filed(file, "limits", &name));
    let Given { value, origin } = given.unwrap_or_else(|| by_default(default.to_string()));
    Line { name: format!("limits.{name}"), value, origin }
}

fn by_default(value: String) -> Given {
    Given { value, origin: "default".to_owned() }
}

/// What the settings file says.
fn filed(file: &Table, table: &str, name: &str) -> Option<Given> {
    let value = file.get(table)?.get(name)?;
    let value = value.as_str().map_or_else(|| Value::to_string(value), str::to_owned);
    Some(Given { value, origin: "settings file".to_owned() })
}

fn table_of(file: Option<&Path>, lines: &[Line]) -> String {
    let file = file.map_or_else(|| "none".to_owned(), |file| file.display().to_string());
    let widest = |column: fn(&Line) -> &str| {
        lines.iter().map(|line| column(line).chars().count()).max().unwrap_or_default()
    };
    let (names, values) = (widest(|line| &line.name), widest(|line| &line.value));
    let mut text = format!("settings file: {file}\n");
    for Line { name, value, origin } in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:names$}  {value:values$}  {origin}");
    }
    text
}
