//! Puts the corpus of schema pairs into the program: one case after the other, each with its files.
//! It lies with the engine, whose tests it belongs to; here it gives the samples of `explain`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Longest pair of schemas that is taken.
const SAMPLE_BYTES_MAX: u64 = 4_000;

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let corpus = fs::canonicalize(here.join("../schema-core/testdata/compat"))?;
    println!("cargo::rerun-if-changed={}", corpus.display());
    let mut code = String::from("&[\n");
    for format in sorted(&corpus)? {
        for rule in sorted(&format)? {
            for case in sorted(&rule)? {
                let Some(files) = files(&case)? else { continue };
                write!(
                    code,
                    "Case {{ format: {:?}, rule: {:?}, files: &[",
                    name(&format),
                    name(&rule)
                )?;
                for file in files {
                    let path = file.display().to_string();
                    write!(code, "({:?}, include_str!({path:?})),", name(&file))?;
                }
                code.push_str("] },\n");
            }
        }
    }
    code.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("corpus.rs"), code)?;
    Ok(())
}

/// The schemas of a case; none where it is no sample for people: too long, or under a policy.
fn files(case: &Path) -> Result<Option<Vec<PathBuf>>, Box<dyn Error>> {
    let mut files = sorted(case)?;
    let has_policy = fs::read_to_string(case.join("expect.json"))?.contains("\"policy\"");
    files.retain(|file| file.file_name().is_some_and(|name| name != "expect.json"));
    let lengths = files.iter().map(|file| Ok(fs::metadata(file)?.len()));
    let lengths = lengths.collect::<Result<Vec<_>, std::io::Error>>()?;
    let is_long = lengths.iter().sum::<u64>() > SAMPLE_BYTES_MAX;
    Ok((!has_policy && !is_long).then_some(files))
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
