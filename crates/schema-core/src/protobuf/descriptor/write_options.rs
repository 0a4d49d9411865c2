//! Option statements as the options of a descriptor. Custom options other than those of
//! `confluent/meta.proto` are left out, as the reference leaves them out.

use super::options::{CTYPE, IDEMPOTENCY, JSTYPE, OPTIMIZE_FOR, RETENTION, TARGETS, VERIFICATION};
use super::proto::{
    Declaration, EnumOptions, EnumValueOptions, ExtensionRangeOptions, FieldOptions, FileOptions,
    MessageOptions, Meta, MetaRule, MethodOptions, Param, ServiceOptions,
};
use crate::protobuf::ast::{OptionNode, OptionValue};

/// The options of one declaration, normalized; the last of equal ones counts.
struct Options<'o>(&'o [OptionNode]);

impl<'o> Options<'o> {
    fn value(&self, name: &str) -> Option<&'o OptionValue> {
        self.0.iter().rfind(|option| option.name == name).map(|option| &option.value)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.value(name).and_then(plain).map(str::to_owned)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(plain).map(|text| text.eq_ignore_ascii_case("true"))
    }

    fn number(&self, name: &str, names: &[&str]) -> Option<i32> {
        number_of(names, self.value(name).and_then(plain)?)
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'o OptionValue> {
        self.0.iter().filter(move |option| option.name == name).map(|option| &option.value)
    }

    fn meta(&self, name: &str) -> Option<Meta> {
        self.value(&format!("confluent.{name}")).map(meta)
    }
}

fn plain(value: &OptionValue) -> Option<&str> {
    match value {
        OptionValue::Text(text) | OptionValue::Number(text) | OptionValue::Word(text) => Some(text),
        OptionValue::Map(_) | OptionValue::List(_) | OptionValue::Nested(_) => None,
    }
}

fn number_of(names: &[&str], word: &str) -> Option<i32> {
    names.iter().position(|name| *name == word).and_then(|at| i32::try_from(at).ok())
}

/// `None` for options that say nothing.
fn unless_empty<T: Default + PartialEq>(options: T) -> Option<T> {
    (options != T::default()).then_some(options)
}

pub(super) fn file(options: &[OptionNode]) -> Option<Box<FileOptions>> {
    let options = Options(options);
    unless_empty(Box::new(FileOptions {
        java_package: options.text("java_package"),
        java_outer_classname: options.text("java_outer_classname"),
        optimize_for: options.number("optimize_for", OPTIMIZE_FOR),
        java_multiple_files: options.flag("java_multiple_files"),
        go_package: options.text("go_package"),
        cc_generic_services: options.flag("cc_generic_services"),
        java_generic_services: options.flag("java_generic_services"),
        py_generic_services: options.flag("py_generic_services"),
        java_generate_equals_and_hash: options.flag("java_generate_equals_and_hash"),
        deprecated: options.flag("deprecated"),
        java_string_check_utf8: options.flag("java_string_check_utf8"),
        cc_enable_arenas: options.flag("cc_enable_arenas"),
        objc_class_prefix: options.text("objc_class_prefix"),
        csharp_namespace: options.text("csharp_namespace"),
        swift_prefix: options.text("swift_prefix"),
        php_class_prefix: options.text("php_class_prefix"),
        php_namespace: options.text("php_namespace"),
        php_metadata_namespace: options.text("php_metadata_namespace"),
        ruby_package: options.text("ruby_package"),
        features: None,
        meta: options.meta("file_meta"),
    }))
}

pub(super) fn message(options: &[OptionNode]) -> Option<Box<MessageOptions>> {
    let options = Options(options);
    unless_empty(Box::new(MessageOptions {
        no_standard_descriptor_accessor: options.flag("no_standard_descriptor_accessor"),
        deprecated: options.flag("deprecated"),
        map_entry: options.flag("map_entry"),
        features: None,
        meta: options.meta("message_meta"),
    }))
}

pub(super) fn map_entry() -> Box<MessageOptions> {
    Box::new(MessageOptions { map_entry: Some(true), ..MessageOptions::default() })
}

pub(super) fn field(options: &[OptionNode]) -> Option<Box<FieldOptions>> {
    let options = Options(options);
    let target = |value| number_of(TARGETS, plain(value)?);
    unless_empty(Box::new(FieldOptions {
        ctype: options.number("ctype", CTYPE),
        packed: options.flag("packed"),
        deprecated: options.flag("deprecated"),
        jstype: options.number("jstype", JSTYPE),
        debug_redact: options.flag("debug_redact"),
        retention: options.number("retention", RETENTION),
        targets: options.all("targets").filter_map(target).collect(),
        meta: options.meta("field_meta"),
        ..FieldOptions::default()
    }))
}

pub(super) fn enumeration(options: &[OptionNode]) -> Option<Box<EnumOptions>> {
    let options = Options(options);
    unless_empty(Box::new(EnumOptions {
        allow_alias: options.flag("allow_alias"),
        deprecated: options.flag("deprecated"),
        features: None,
        meta: options.meta("enum_meta"),
    }))
}

pub(super) fn enum_value(options: &[OptionNode]) -> Option<Box<EnumValueOptions>> {
    let options = Options(options);
    unless_empty(Box::new(EnumValueOptions {
        deprecated: options.flag("deprecated"),
        debug_redact: options.flag("debug_redact"),
        meta: options.meta("enum_value_meta"),
        ..EnumValueOptions::default()
    }))
}

pub(super) fn service(options: &[OptionNode]) -> Option<ServiceOptions> {
    let deprecated = Options(options).flag("deprecated");
    unless_empty(ServiceOptions { deprecated, features: None })
}

pub(super) fn method(options: &[OptionNode]) -> Option<MethodOptions> {
    let options = Options(options);
    unless_empty(MethodOptions {
        deprecated: options.flag("deprecated"),
        idempotency_level: options.number("idempotency_level", IDEMPOTENCY),
        features: None,
    })
}

pub(super) fn extension_range(options: &[OptionNode]) -> Option<Box<ExtensionRangeOptions>> {
    let options = Options(options);
    let declaration = |value: &OptionValue| Declaration {
        number: entry(value, "number").and_then(plain).and_then(|text| text.parse().ok()),
        full_name: entry(value, "full_name").and_then(plain).map(str::to_owned),
        r#type: entry(value, "type").and_then(plain).map(str::to_owned),
        reserved: entry(value, "reserved").and_then(plain).map(|text| text == "true"),
        repeated: entry(value, "repeated").and_then(plain).map(|text| text == "true"),
    };
    unless_empty(Box::new(ExtensionRangeOptions {
        declaration: options.all("declaration").map(declaration).collect(),
        verification: options.number("verification", VERIFICATION),
        features: None,
    }))
}

fn entry<'v>(value: &'v OptionValue, key: &str) -> Option<&'v OptionValue> {
    match value {
        OptionValue::Map(entries) => {
            entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
        }
        _ => None,
    }
}

/// The items of a list, or the one value that stands for a list of one.
fn items(value: Option<&OptionValue>) -> &[OptionValue] {
    match value {
        Some(OptionValue::List(items)) => items,
        Some(item) => std::slice::from_ref(item),
        None => &[],
    }
}

fn meta(value: &OptionValue) -> Meta {
    let text = |value: &OptionValue, key: &str| {
        entry(value, key).and_then(plain).unwrap_or_default().to_owned()
    };
    let param = |value| Param { key: text(value, "key"), value: text(value, "value") };
    let rule = |value| MetaRule {
        name: text(value, "name"),
        doc: text(value, "doc"),
        expr: text(value, "expr"),
        sql: text(value, "sql"),
    };
    Meta {
        doc: text(value, "doc"),
        params: items(entry(value, "params")).iter().map(param).collect(),
        tags: items(entry(value, "tags")).iter().filter_map(plain).map(str::to_owned).collect(),
        rules: items(entry(value, "rules")).iter().map(rule).collect(),
    }
}
