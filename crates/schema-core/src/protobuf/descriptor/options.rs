//! The options of a descriptor as the option statements of the text, in the reference's order.

use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::proto::{
    EnumOptions, EnumValueOptions, ExtensionRangeOptions, FeatureSet, FeatureSupport, FieldOptions,
    FileOptions, MessageOptions, Meta, MethodOptions, OneofOptions, ServiceOptions,
};
use crate::protobuf::ast::{OptionNode, OptionValue};

pub(super) const OPTIMIZE_FOR: &[&str] = &["", "SPEED", "CODE_SIZE", "LITE_RUNTIME"];
pub(super) const CTYPE: &[&str] = &["STRING", "CORD", "STRING_PIECE"];
pub(super) const JSTYPE: &[&str] = &["JS_NORMAL", "JS_STRING", "JS_NUMBER"];
pub(super) const RETENTION: &[&str] =
    &["RETENTION_UNKNOWN", "RETENTION_RUNTIME", "RETENTION_SOURCE"];
pub(super) const IDEMPOTENCY: &[&str] = &["IDEMPOTENCY_UNKNOWN", "NO_SIDE_EFFECTS", "IDEMPOTENT"];
pub(super) const VERIFICATION: &[&str] = &["DECLARATION", "UNVERIFIED"];
pub(super) const TARGETS: &[&str] = &[
    "TARGET_TYPE_UNKNOWN",
    "TARGET_TYPE_FILE",
    "TARGET_TYPE_EXTENSION_RANGE",
    "TARGET_TYPE_MESSAGE",
    "TARGET_TYPE_FIELD",
    "TARGET_TYPE_ONEOF",
    "TARGET_TYPE_ENUM",
    "TARGET_TYPE_ENUM_ENTRY",
    "TARGET_TYPE_SERVICE",
    "TARGET_TYPE_METHOD",
];
const FIELD_PRESENCE: &[&str] =
    &["FIELD_PRESENCE_UNKNOWN", "EXPLICIT", "IMPLICIT", "LEGACY_REQUIRED"];
const ENUM_TYPE: &[&str] = &["ENUM_TYPE_UNKNOWN", "OPEN", "CLOSED"];
const REPEATED_ENCODING: &[&str] = &["REPEATED_FIELD_ENCODING_UNKNOWN", "PACKED", "EXPANDED"];
const UTF8_VALIDATION: &[&str] = &["UTF8_VALIDATION_UNKNOWN", "", "VERIFY", "NONE"];
const MESSAGE_ENCODING: &[&str] = &["MESSAGE_ENCODING_UNKNOWN", "LENGTH_PREFIXED", "DELIMITED"];
const JSON_FORMAT: &[&str] = &["JSON_FORMAT_UNKNOWN", "ALLOW", "LEGACY_BEST_EFFORT"];

/// Options under construction; what is absent adds nothing.
#[derive(Default)]
struct List(Vec<OptionNode>);

impl List {
    fn add(mut self, name: &str, value: Option<OptionValue>) -> Self {
        if let Some(value) = value {
            self.0.push(OptionNode { name: name.into(), is_custom: false, value });
        }
        self
    }

    fn text(self, name: &str, value: Option<String>) -> Self {
        self.add(name, value.map(text))
    }

    fn flag(self, name: &str, value: Option<bool>) -> Self {
        self.add(name, value.map(flag))
    }

    fn word(self, name: &str, names: &[&str], value: Option<i32>) -> Self {
        self.add(name, value.and_then(|value| word(names, value)))
    }

    fn features(self, features: Option<FeatureSet>) -> Self {
        self.add("features", features.map(feature_set))
    }

    fn meta(mut self, name: &str, value: Option<Meta>) -> Vec<OptionNode> {
        let entries = value.map(meta).unwrap_or_default();
        if !entries.is_empty() {
            let value = OptionValue::Map(entries);
            self.0.push(OptionNode {
                name: format_smolstr!("confluent.{name}"),
                is_custom: true,
                value,
            });
        }
        self.0
    }
}

fn text(text: String) -> OptionValue {
    OptionValue::Text(text.into())
}

fn flag(value: bool) -> OptionValue {
    OptionValue::Word(if value { "true" } else { "false" }.into())
}

/// The constant with the number `value`; an unknown number counts as not set.
fn word(names: &[&str], value: i32) -> Option<OptionValue> {
    let name = names.get(usize::try_from(value).ok()?)?;
    (!name.is_empty()).then(|| OptionValue::Word((*name).into()))
}

pub(super) fn file(options: FileOptions) -> Vec<OptionNode> {
    List::default()
        .text("java_package", options.java_package)
        .text("java_outer_classname", options.java_outer_classname)
        .flag("java_multiple_files", options.java_multiple_files)
        .flag("java_generate_equals_and_hash", options.java_generate_equals_and_hash)
        .flag("java_string_check_utf8", options.java_string_check_utf8)
        .word("optimize_for", OPTIMIZE_FOR, options.optimize_for)
        .text("go_package", options.go_package)
        .flag("cc_generic_services", options.cc_generic_services)
        .flag("java_generic_services", options.java_generic_services)
        .flag("py_generic_services", options.py_generic_services)
        .flag("deprecated", options.deprecated)
        .flag("cc_enable_arenas", options.cc_enable_arenas)
        .text("objc_class_prefix", options.objc_class_prefix)
        .text("csharp_namespace", options.csharp_namespace)
        .text("swift_prefix", options.swift_prefix)
        .text("php_class_prefix", options.php_class_prefix)
        .text("php_namespace", options.php_namespace)
        .text("php_metadata_namespace", options.php_metadata_namespace)
        .text("ruby_package", options.ruby_package)
        .features(options.features)
        .meta("file_meta", options.meta)
}

pub(super) fn message(options: MessageOptions) -> Vec<OptionNode> {
    List::default()
        .flag("no_standard_descriptor_accessor", options.no_standard_descriptor_accessor)
        .flag("deprecated", options.deprecated)
        .flag("map_entry", options.map_entry)
        .features(options.features)
        .meta("message_meta", options.meta)
}

pub(super) fn field(options: FieldOptions) -> Vec<OptionNode> {
    let mut list = List::default()
        .word("ctype", CTYPE, options.ctype)
        .flag("packed", options.packed)
        .word("jstype", JSTYPE, options.jstype)
        .flag("deprecated", options.deprecated)
        .flag("debug_redact", options.debug_redact)
        .word("retention", RETENTION, options.retention);
    for target in options.targets {
        list = list.word("targets", TARGETS, Some(target));
    }
    for default in options.edition_defaults {
        let mut entries = Vec::new();
        push(&mut entries, "edition", default.edition.and_then(edition));
        push(&mut entries, "value", default.value.map(text));
        list = list.add("edition_defaults", Some(OptionValue::Map(entries)));
    }
    list.features(options.features)
        .add("feature_support", options.feature_support.map(feature_support))
        .meta("field_meta", options.meta)
}

pub(super) fn oneof(options: OneofOptions) -> Vec<OptionNode> {
    List::default().features(options.features).0
}

pub(super) fn enumeration(options: EnumOptions) -> Vec<OptionNode> {
    List::default()
        .flag("allow_alias", options.allow_alias)
        .flag("deprecated", options.deprecated)
        .features(options.features)
        .meta("enum_meta", options.meta)
}

pub(super) fn enum_value(options: EnumValueOptions) -> Vec<OptionNode> {
    List::default()
        .flag("deprecated", options.deprecated)
        .flag("debug_redact", options.debug_redact)
        .features(options.features)
        .add("feature_support", options.feature_support.map(feature_support))
        .meta("enum_value_meta", options.meta)
}

pub(super) fn service(options: ServiceOptions) -> Vec<OptionNode> {
    List::default().flag("deprecated", options.deprecated).features(options.features).0
}

pub(super) fn method(options: MethodOptions) -> Vec<OptionNode> {
    List::default()
        .flag("deprecated", options.deprecated)
        .word("idempotency_level", IDEMPOTENCY, options.idempotency_level)
        .features(options.features)
        .0
}

pub(super) fn extension_range(options: ExtensionRangeOptions) -> Vec<OptionNode> {
    let mut list = List::default();
    for declaration in options.declaration {
        let mut entries = Vec::new();
        let number = declaration.number.map(|number| OptionValue::Number(number.to_smolstr()));
        push(&mut entries, "number", number);
        push(&mut entries, "full_name", declaration.full_name.map(text));
        push(&mut entries, "type", declaration.r#type.map(text));
        push(&mut entries, "reserved", declaration.reserved.map(flag));
        push(&mut entries, "repeated", declaration.repeated.map(flag));
        list = list.add("declaration", Some(OptionValue::Map(entries)));
    }
    list.features(options.features).word("verification", VERIFICATION, options.verification).0
}

type Entries = Vec<(SmolStr, OptionValue)>;

fn push(entries: &mut Entries, name: &str, value: Option<OptionValue>) {
    entries.extend(value.map(|value| (name.into(), value)));
}

fn feature_set(features: FeatureSet) -> OptionValue {
    let mut entries = Vec::new();
    let mut add = |name: &str, names: &[&str], value: Option<i32>| {
        push(&mut entries, name, value.and_then(|value| word(names, value)));
    };
    add("field_presence", FIELD_PRESENCE, features.field_presence);
    add("enum_type", ENUM_TYPE, features.enum_type);
    add("repeated_field_encoding", REPEATED_ENCODING, features.repeated_field_encoding);
    add("utf8_validation", UTF8_VALIDATION, features.utf8_validation);
    add("message_encoding", MESSAGE_ENCODING, features.message_encoding);
    add("json_format", JSON_FORMAT, features.json_format);
    OptionValue::Map(entries)
}

fn feature_support(support: FeatureSupport) -> OptionValue {
    let mut entries = Vec::new();
    push(&mut entries, "edition_introduced", support.edition_introduced.and_then(edition));
    push(&mut entries, "edition_deprecated", support.edition_deprecated.and_then(edition));
    push(&mut entries, "deprecation_warning", support.deprecation_warning.map(text));
    push(&mut entries, "edition_removed", support.edition_removed.and_then(edition));
    OptionValue::Map(entries)
}

fn edition(number: i32) -> Option<OptionValue> {
    let name = match number {
        0 => "EDITION_UNKNOWN",
        900 => "EDITION_LEGACY",
        998 => "EDITION_PROTO2",
        999 => "EDITION_PROTO3",
        1000 => "EDITION_2023",
        1001 => "EDITION_2024",
        1002 => "EDITION_2026",
        9999 => "EDITION_UNSTABLE",
        0x7fff_ffff => "EDITION_MAX",
        _ => return None,
    };
    Some(OptionValue::Word(name.into()))
}

fn meta(meta: Meta) -> Entries {
    let mut entries = Vec::new();
    let written = |part: String| (!part.is_empty()).then(|| text(part));
    push(&mut entries, "doc", written(meta.doc));
    push(&mut entries, "params", list(params(meta.params)));
    push(&mut entries, "tags", list(meta.tags.into_iter().map(text).collect()));
    let mut rules = Vec::new();
    for rule in meta.rules {
        let mut parts = Vec::new();
        push(&mut parts, "name", written(rule.name));
        push(&mut parts, "doc", written(rule.doc));
        push(&mut parts, "expr", written(rule.expr));
        push(&mut parts, "sql", written(rule.sql));
        if !parts.is_empty() {
            rules.push(OptionValue::Map(parts));
        }
    }
    push(&mut entries, "rules", list(rules));
    entries
}

fn list(items: Vec<OptionValue>) -> Option<OptionValue> {
    (!items.is_empty()).then_some(OptionValue::List(items))
}

/// The map `params` as a list of entries; a key that comes again keeps its place.
fn params(params: Vec<super::proto::Param>) -> Vec<OptionValue> {
    let mut pairs: Entries = Vec::new();
    for param in params {
        let value = text(param.value);
        match pairs.iter_mut().find(|(key, _)| *key == param.key) {
            Some((_, old)) => *old = value,
            None => pairs.push((param.key.into(), value)),
        }
    }
    let entry = |(key, value): (SmolStr, OptionValue)| {
        // Observed: the two parameters of a decimal are written value first.
        let is_decimal = key == "precision" || key == "scale";
        let key = ("key".into(), OptionValue::Text(key));
        let value = ("value".into(), value);
        OptionValue::Map(if is_decimal { vec![value, key] } else { vec![key, value] })
    };
    pairs.into_iter().map(entry).collect()
}
