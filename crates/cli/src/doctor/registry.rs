//! Whether a registry answers, is trusted, has the right time, and holds schemas that can be read.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use levada_schema_check::catalog::Catalog;
use levada_schema_check::report::plural;
use levada_schema_check::{check, stored};
use levada_schema_core::{Limits, Validation};
use levada_serde::client::Answering;
use levada_transfer::{Observer, export};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::Check;
use crate::check::on_large_stack;
use crate::exit::{self, Failure};
use crate::registry::Endpoint;
use crate::runtime;

/// How far clocks may be apart, in seconds: the header of the answer counts whole ones.
const CLOCK_SECONDS_MAX: i64 = 5;
/// A certificate that ends so soon should have a successor already.
const CERTIFICATE_DAYS_MIN: i64 = 14;
const SECONDS_PER_DAY: i64 = 86_400;
/// Problems that are told one by one.
const TOLD_MAX: usize = 20;

pub(super) fn look(
    endpoint: &Endpoint,
    limits: &Limits,
    checks: &mut Vec<Check>,
) -> Result<(), Failure> {
    let client = endpoint.client()?;
    let runtime = runtime::new()?;
    let asked = Instant::now();
    let answering = match runtime.block_on(client.answering()) {
        Ok(answering) => answering,
        Err(error) => {
            let advice = "start it, or mend the URL; a refusal names what it wants; 'curl -v' shows \
                          the way there";
            checks.push(Check::bad("registry", error.to_string(), advice));
            return Ok(());
        }
    };
    let took = asked.elapsed().as_millis();
    checks.push(Check::good("registry", format!("{} answers, after {took} ms", client.url())));
    checks.extend(clock(&answering));
    checks.extend(certificate(&answering));
    on_large_stack(|| {
        match runtime.block_on(catalog(endpoint, limits)) {
            Ok(catalog) => schemas(&catalog, limits, checks),
            Err(failure) => {
                let advice = "the log of the registry says more; whoever asks must be allowed to read \
                              everything";
                checks.push(Check::bad("schemas", failure.message(), advice));
            }
        }
        Ok(())
    })
}

/// The registry's clock beside ours.
fn clock(answering: &Answering) -> Option<Check> {
    let theirs = DateTime::parse_from_rfc2822(answering.date.as_ref()?).ok()?.timestamp();
    let apart = theirs.saturating_sub(now()?);
    if apart.abs() <= CLOCK_SECONDS_MAX {
        return Some(Check::good("clock", "that of the registry is like the one here"));
    }
    let side = if apart > 0 { "ahead of" } else { "behind" };
    let found = format!("that of the registry is {} {side} the one here", seconds(apart.abs()));
    let advice = "let both machines keep their clocks by NTP ('timedatectl' tells whether they do)";
    Some(Check::bad("clock", found, advice))
}

fn seconds(count: i64) -> String {
    plural(usize::try_from(count).unwrap_or(usize::MAX), "second")
}

/// How long the registry's certificate is valid; plain HTTP has none.
fn certificate(answering: &Answering) -> Option<Check> {
    let der = answering.certificate.as_ref()?;
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        let advice = "have it made anew";
        return Some(Check::bad("certificate", "that of the registry cannot be read", advice));
    };
    let end = certificate.validity().not_after;
    let days = end.timestamp().saturating_sub(now()?).div_euclid(SECONDS_PER_DAY);
    let date = DateTime::from_timestamp(end.timestamp(), 0)?.format("%Y-%m-%d");
    let found = format!("that of the registry is valid until {date}");
    if days >= CERTIFICATE_DAYS_MIN {
        return Some(Check::good("certificate", found));
    }
    Some(Check::bad("certificate", found, "renew it before that day; clients stop working then"))
}

/// Seconds since the epoch.
fn now() -> Option<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(now.as_secs()).ok()
}

/// Nobody watches.
struct Silent;

impl Observer for Silent {
    fn begin(&self, _total: u64) {}
    fn advance(&self) {}
    fn problem(&self, _what: &str) {}
    fn notice(&self, _what: &str) {}
    fn difference(&self, _what: &str) {}
}

/// Every schema of every context, with what it refers to.
async fn catalog(endpoint: &Endpoint, limits: &Limits) -> Result<Catalog, Failure> {
    let unwritable = |error| Failure::new(exit::FAILED, format!("no temporary file: {error}"));
    let file = tempfile::NamedTempFile::new().map_err(unwritable)?;
    let registry = endpoint.whole()?;
    export(&registry, std::io::BufWriter::new(file.as_file()), Arc::new(Silent)).await?;
    let stored = stored::of_archive(file.path())?;
    Ok(stored::catalog(registry.url(), &stored, limits)?)
}

fn schemas(catalog: &Catalog, limits: &Limits, checks: &mut Vec<Check>) {
    let versions = catalog.subjects.values().flat_map(|subject| &subject.versions);
    let mut count = 0;
    let mut broken = Vec::new();
    for version in versions {
        count += 1;
        if let Some(problem) = &version.problem {
            let advice = "register what is missing again under that subject and version (levada import \
                          keeps the numbers), or delete this version";
            broken.push(Check::bad("schemas", format!("{}: {problem}", version.place), advice));
        } else if let Err(error) = check::parse(version, Validation::Stored, limits) {
            let found = format!("{}: it does not parse: {error}", version.place);
            let advice =
                "register a version that parses; readers of old records still need this one";
            broken.push(Check::bad("schemas", found, advice));
        }
    }
    if broken.is_empty() {
        let all = format!(
            "{}; all of them parse, all references lead somewhere",
            plural(count, "version")
        );
        checks.push(Check::good("schemas", all));
    }
    let more = broken.len().saturating_sub(TOLD_MAX);
    checks.extend(broken.into_iter().take(TOLD_MAX));
    if more > 0 {
        let advice = "look again when those above are mended";
        checks.push(Check::bad("schemas", format!("and {more} more"), advice));
    }
}

#[cfg(test)]
mod tests {
    use levada_lock_file::StoredVersion;
    use levada_schema_check::stored::Stored;
    use levada_schema_core::Reference;

    use super::*;

    fn version(subject: &str, schema: &str, reference: Option<&str>) -> StoredVersion {
        let references = reference.map(|target| Reference {
            name: "A".to_owned(),
            subject: target.to_owned(),
            version: 1,
        });
        StoredVersion {
            subject: subject.to_owned(),
            version: 1,
            id: None,
            guid: None,
            schema_type: "AVRO".to_owned(),
            references: references.into_iter().collect(),
            metadata: None,
            rule_set: None,
            schema: schema.to_owned(),
            deleted: false,
        }
    }

    fn told(versions: Vec<StoredVersion>) -> Vec<(bool, String)> {
        let (limits, mut checks) = (Limits::default(), Vec::new());
        let stored = Stored { versions, ..Stored::default() };
        let catalog = stored::catalog(String::new(), &stored, &limits).unwrap();
        schemas(&catalog, &limits, &mut checks);
        checks.into_iter().map(|check| (check.ok, check.found)).collect()
    }

    #[test]
    fn schema_that_does_not_parse_and_reference_that_leads_nowhere_are_told() {
        let a = r#"{"type":"record","name":"A","fields":[]}"#;
        let fine = vec![version("a", a, None), version("b", "\"A\"", Some("a"))];
        let all = "2 versions; all of them parse, all references lead somewhere".to_owned();
        assert_eq!(told(fine), [(true, all)]);
        let ill = vec![version("a", "{", None), version("b", "\"A\"", Some("gone"))];
        let told = told(ill);
        assert!(
            !told[0].0 && told[0].1.starts_with("a version 1: it does not parse: "),
            "{told:?}"
        );
        let missing = "b version 1: reference A points to gone version 1, which is not there";
        assert_eq!(told[1..], [(false, missing.to_owned())]);
    }

    #[test]
    fn clocks_may_be_apart_by_seconds_and_no_more() {
        let told = |apart: i64| {
            let time = DateTime::from_timestamp(now().unwrap() + apart, 0).unwrap();
            let answering = Answering { date: Some(time.to_rfc2822()), certificate: None };
            let check = clock(&answering).unwrap();
            (check.ok, check.found)
        };
        assert!(told(0).0 && told(-3).0);
        let (is_good, found) = told(-3_600);
        assert!(!is_good && found.ends_with(" seconds behind the one here"), "{found}");
        assert!(told(60).1.contains("ahead of"));
        assert!(clock(&Answering { date: None, certificate: None }).is_none());
    }

    #[test]
    fn certificate_is_told_with_the_day_on_which_it_ends() {
        let told = |year| {
            let mut params = rcgen::CertificateParams::new(vec!["registry".to_owned()]).unwrap();
            params.not_after = rcgen::date_time_ymd(year, 1, 2);
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = params.self_signed(&key).unwrap().der().to_vec();
            let answering = Answering { date: None, certificate: Some(certificate) };
            certificate_of(&answering)
        };
        let certificate = |year| format!("that of the registry is valid until {year}-01-02");
        assert_eq!(told(2999), (true, certificate(2999)));
        assert_eq!(told(2020), (false, certificate(2020)));
    }

    fn certificate_of(answering: &Answering) -> (bool, String) {
        let check = certificate(answering).unwrap();
        (check.ok, check.found)
    }
}
