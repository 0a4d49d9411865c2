//! Metadata and rule sets: between the bodies of the API and the values of the rules.

use std::fmt::Display;
use std::str::FromStr;

use levada_registry_api::{
    ErrorCode, Metadata as MetadataBody, Rule as RuleBody, RuleSet as RuleSetBody,
};
use levada_schema_core::{ContractRule, Metadata, RuleKind, RuleMode, RuleSet};

use super::error::HttpError;

pub(super) fn metadata(body: MetadataBody) -> Metadata {
    Metadata { tags: body.tags, properties: body.properties, sensitive: body.sensitive }
}

pub(super) fn metadata_body(metadata: Metadata) -> MetadataBody {
    MetadataBody {
        tags: metadata.tags,
        properties: metadata.properties,
        sensitive: metadata.sensitive,
    }
}

/// A rule set; names that its enumerations do not know make a body that cannot be read.
pub(super) fn rule_set(body: RuleSetBody) -> Result<RuleSet, HttpError> {
    let rules = |bodies: Vec<RuleBody>| bodies.into_iter().map(rule).collect::<Result<_, _>>();
    Ok(RuleSet {
        migration_rules: rules(body.migration_rules)?,
        domain_rules: rules(body.domain_rules)?,
        encoding_rules: rules(body.encoding_rules)?,
        enable_at: body.enable_at.as_deref().map(named).transpose()?,
    })
}

pub(super) fn rule_set_body(rule_set: RuleSet) -> RuleSetBody {
    let bodies = |rules: Vec<ContractRule>| rules.into_iter().map(rule_body).collect();
    RuleSetBody {
        migration_rules: bodies(rule_set.migration_rules),
        domain_rules: bodies(rule_set.domain_rules),
        encoding_rules: bodies(rule_set.encoding_rules),
        enable_at: rule_set.enable_at.map(|environment| environment.to_string()),
    }
}

fn rule(body: RuleBody) -> Result<ContractRule, HttpError> {
    Ok(ContractRule {
        name: body.name,
        doc: body.doc,
        kind: body.kind.as_deref().map(named).transpose()?.unwrap_or(RuleKind::Transform),
        mode: body.mode.as_deref().map(named).transpose()?.unwrap_or(RuleMode::WriteRead),
        rule_type: body.rule_type,
        tags: body.tags,
        params: body.params,
        expr: body.expr,
        on_success: body.on_success,
        on_failure: body.on_failure,
        disabled: body.disabled,
    })
}

fn rule_body(rule: ContractRule) -> RuleBody {
    RuleBody {
        name: rule.name,
        doc: rule.doc,
        kind: Some(rule.kind.to_string()),
        mode: Some(rule.mode.to_string()),
        rule_type: rule.rule_type,
        tags: rule.tags,
        params: rule.params,
        expr: rule.expr,
        on_success: rule.on_success,
        on_failure: rule.on_failure,
        disabled: rule.disabled,
    }
}

fn named<T: FromStr<Err: Display>>(name: &str) -> Result<T, HttpError> {
    name.parse().map_err(|error: T::Err| {
        HttpError::new(ErrorCode::BadRequest, format!("The body cannot be read: {error}"))
    })
}
