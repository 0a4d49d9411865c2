//! Between the bodies of the API and the values of the rules.

use std::str::FromStr;

use levada_registry_api::{
    ConfigDocument, ConfigUpdate, ErrorCode, ListedSchemaDocument, Patch, RegisterRequest,
    RuleSet as RuleSetBody, SchemaDocument, SchemaEntity, SchemaReference, SchemaTags,
};
use levada_registry_core::{
    Config, ConfigPatch, Context, Draft, EffectiveConfig, FieldPatch, ListedSchema,
    QualifiedSubject, RETAGGED_VERSION, RegistryError, StoredVersion,
};
use levada_schema_core::{
    CompatibilityLevel, CompatibilityPolicy, Contract, Entity, EntityKind, EntityTags, Reference,
    RuleSet, TagChanges,
};

use super::associations;
use super::contract::{metadata, metadata_body, rule_set, rule_set_body};
use super::error::HttpError;

/// The kinds of tagged entities.
const RECORD: &str = "sr_record";
const FIELD: &str = "sr_field";
pub(super) const ENTITY_TYPES: [&str; 2] = [RECORD, FIELD];

pub(super) fn draft(request: RegisterRequest) -> Result<Draft, HttpError> {
    let tags = tag_changes(request.schema_tags_to_add, request.schema_tags_to_remove)?;
    let version = if tags.is_empty() { 0 } else { RETAGGED_VERSION };
    Ok(Draft {
        text: request.schema.unwrap_or_default(),
        schema_type: request.schema_type,
        references: request.references.into_iter().map(reference).collect(),
        contract: Contract {
            metadata: request.metadata.map(metadata),
            rule_set: request.rule_set.map(rule_set).transpose()?,
        },
        tags: if tags.is_empty() { Vec::new() } else { vec![tags] },
        id: request.id,
        version: request.version.unwrap_or(version),
    })
}

pub(super) fn tag_changes(
    add: Vec<SchemaTags>,
    remove: Vec<SchemaTags>,
) -> Result<TagChanges, HttpError> {
    let entities =
        |list: Vec<SchemaTags>| list.into_iter().map(entity_tags).collect::<Result<_, _>>();
    Ok(TagChanges { add: entities(add)?, remove: entities(remove)? })
}

fn entity_tags(body: SchemaTags) -> Result<EntityTags, HttpError> {
    let SchemaTags { schema_entity: SchemaEntity { entity_path, entity_type }, tags } = body;
    let kind = match entity_type.as_str() {
        RECORD => EntityKind::Record,
        FIELD => EntityKind::Field,
        other => {
            let message = format!("entityType is {RECORD} or {FIELD}, not '{other}'");
            return Err(HttpError::new(ErrorCode::BadRequest, message));
        }
    };
    Ok(EntityTags { entity: Entity::new(kind, &entity_path), tags })
}

pub(super) fn schema_tags(found: EntityTags) -> SchemaTags {
    let entity_type = match found.entity.kind {
        EntityKind::Record => RECORD,
        EntityKind::Field => FIELD,
    };
    SchemaTags {
        schema_entity: SchemaEntity {
            entity_path: found.entity.path,
            entity_type: entity_type.to_owned(),
        },
        tags: found.tags,
    }
}

/// Members that are missing become values that the rules refuse.
fn reference(body: SchemaReference) -> Reference {
    Reference {
        name: body.name.unwrap_or_default(),
        subject: body.subject.unwrap_or_default(),
        version: body.version.unwrap_or(0),
    }
}

/// A version of a subject with its text as it is to be shown.
pub(super) fn version(version: &StoredVersion, text: String) -> SchemaDocument {
    let schema = &version.schema;
    SchemaDocument {
        subject: Some(version.subject.to_string()),
        version: Some(version.version.0),
        id: Some(schema.id.0),
        guid: Some(schema.fingerprint.to_string()),
        schema_type: Some(schema.schema_type.to_string()),
        references: schema
            .references
            .iter()
            .map(|reference| SchemaReference {
                name: Some(reference.name.clone()),
                subject: Some(reference.subject.clone()),
                version: Some(reference.version),
            })
            .collect(),
        metadata: schema.contract.metadata.clone().map(metadata_body),
        rule_set: schema.contract.rule_set.clone().map(rule_set_body),
        schema: Some(text),
        ts: Some(version.ts_ms),
        deleted: Some(version.is_deleted),
        ..SchemaDocument::default()
    }
}

pub(super) fn listed_schema(listed: &ListedSchema) -> ListedSchemaDocument {
    let text = listed.version.schema.text.clone();
    ListedSchemaDocument {
        schema: version(&listed.version, text),
        aliases: listed.aliases.iter().map(ToString::to_string).collect(),
        associations: listed.associations.iter().cloned().map(associations::document).collect(),
    }
}

/// `referenceFormat=qualified`: outside the default context the subjects of references are shown
/// with the context they belong to.
pub(super) fn qualify_references(document: &mut SchemaDocument, context: &Context) {
    for reference in &mut document.references {
        let subject = reference.subject.take().unwrap_or_default();
        reference.subject = Some(QualifiedSubject::parse_within(&subject, context).to_string());
    }
}

pub(super) fn config_patch(update: ConfigUpdate) -> Result<ConfigPatch, HttpError> {
    Ok(ConfigPatch {
        level: match update.compatibility {
            Patch::Keep => FieldPatch::Keep,
            Patch::Clear => FieldPatch::Clear,
            Patch::Set(name) => FieldPatch::Set(
                CompatibilityLevel::from_str(&name).map_err(|_| RegistryError::InvalidLevel)?,
            ),
        },
        // Observed: a policy that is none is stored as null.
        policy: match update.compatibility_policy {
            Patch::Keep => FieldPatch::Keep,
            Patch::Clear => FieldPatch::Clear,
            Patch::Set(name) => {
                CompatibilityPolicy::from_str(&name).map_or(FieldPatch::Clear, FieldPatch::Set)
            }
        },
        group: field(update.compatibility_group),
        normalize: field(update.normalize),
        validate_fields: field(update.validate_fields),
        validate_new_schemas: field(update.validate_new_schemas),
        validate_rules: field(update.validate_rules),
        alias: field(update.alias),
        alias_for_deks: field(update.alias_for_deks),
        default_metadata: field(update.default_metadata.map(metadata)),
        default_rule_set: field(rule_set_patch(update.default_rule_set)?),
        override_metadata: field(update.override_metadata.map(metadata)),
        override_rule_set: field(rule_set_patch(update.override_rule_set)?),
    })
}

fn rule_set_patch(patch: Patch<RuleSetBody>) -> Result<Patch<RuleSet>, HttpError> {
    Ok(match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(body) => Patch::Set(rule_set(body)?),
    })
}

pub(super) fn field<T>(patch: Patch<T>) -> FieldPatch<T> {
    match patch {
        Patch::Keep => FieldPatch::Keep,
        Patch::Clear => FieldPatch::Clear,
        Patch::Set(value) => FieldPatch::Set(value),
    }
}

/// The merged config as PUT echoes it.
pub(super) fn config_echo(config: Config) -> ConfigUpdate {
    ConfigUpdate {
        alias: config.alias.into(),
        alias_for_deks: config.alias_for_deks.into(),
        normalize: config.normalize.into(),
        validate_fields: config.validate_fields.into(),
        validate_new_schemas: config.validate_new_schemas.into(),
        validate_rules: config.validate_rules.into(),
        compatibility: config.level.map(|level| level.to_string()).into(),
        compatibility_policy: config.policy.map(|policy| policy.to_string()).into(),
        compatibility_group: config.group.into(),
        default_metadata: config.default_metadata.map(metadata_body).into(),
        default_rule_set: config.default_rule_set.map(rule_set_body).into(),
        override_metadata: config.override_metadata.map(metadata_body).into(),
        override_rule_set: config.override_rule_set.map(rule_set_body).into(),
    }
}

pub(super) fn config(effective: EffectiveConfig) -> ConfigDocument {
    let EffectiveConfig { config, level } = effective;
    ConfigDocument {
        alias: config.alias.filter(|alias| !alias.is_empty()),
        alias_for_deks: config.alias_for_deks.filter(|alias| !alias.is_empty()),
        normalize: config.normalize,
        validate_fields: config.validate_fields,
        validate_new_schemas: config.validate_new_schemas,
        validate_rules: config.validate_rules,
        compatibility_level: Some(level.to_string()),
        compatibility_policy: config.policy.map(|policy| policy.to_string()),
        compatibility_group: config.group.filter(|group| !group.is_empty()),
        default_metadata: config.default_metadata.map(metadata_body),
        default_rule_set: config.default_rule_set.map(rule_set_body),
        override_metadata: config.override_metadata.map(metadata_body),
        override_rule_set: config.override_rule_set.map(rule_set_body),
    }
}
