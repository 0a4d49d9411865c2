//! `levada explain`: what a rule is about, with a pair of schemas that breaks it.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use levada_schema_check::explain;

use crate::check::on_large_stack;
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::output::print;

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The rule, as findings name it; without one all are listed
    rule: Option<String>,
}

pub(crate) fn run(args: &ExplainArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let Some(rule) = &args.rule else {
        let list = explain::rules().iter().fold(String::new(), |mut list, (rule, format)| {
            // Writing to a String cannot fail.
            let _ = writeln!(list, "{rule:60} {format}");
            list
        });
        print(list)?;
        return Ok(ExitCode::from(exit::OK));
    };
    let style = globals.style();
    let text = on_large_stack(|| {
        explain::explain(rule, style).ok_or_else(|| {
            let message = format!("there is no rule {rule}; 'levada explain' lists all");
            Failure::new(exit::USAGE, message)
        })
    })?;
    print(text)?;
    Ok(ExitCode::from(exit::OK))
}
