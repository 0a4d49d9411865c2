//! The messages of `google/protobuf/descriptor.proto`, as far as the text form shows them.
//!
//! Declared here because the ready-made types drop extensions, and the options of
//! `confluent/meta.proto` (number 1088) are extensions that the text must show. Enum values are
//! plain numbers: an unknown one must not fail the whole file. Options are boxed because most are
//! absent and a hostile file can hold very many empty declarations.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(super) struct FileProto {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(super) package: Option<String>,
    #[prost(string, repeated, tag = "3")]
    pub(super) dependency: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    pub(super) message_type: Vec<MessageProto>,
    #[prost(message, repeated, tag = "5")]
    pub(super) enum_type: Vec<EnumProto>,
    #[prost(message, repeated, tag = "6")]
    pub(super) service: Vec<ServiceProto>,
    #[prost(message, repeated, tag = "7")]
    pub(super) extension: Vec<FieldProto>,
    #[prost(message, optional, boxed, tag = "8")]
    pub(super) options: Option<Box<FileOptions>>,
    #[prost(int32, repeated, packed = "false", tag = "10")]
    pub(super) public_dependency: Vec<i32>,
    #[prost(int32, repeated, packed = "false", tag = "11")]
    pub(super) weak_dependency: Vec<i32>,
    #[prost(string, optional, tag = "12")]
    pub(super) syntax: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MessageProto {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(message, repeated, tag = "2")]
    pub(super) field: Vec<FieldProto>,
    #[prost(message, repeated, tag = "3")]
    pub(super) nested_type: Vec<MessageProto>,
    #[prost(message, repeated, tag = "4")]
    pub(super) enum_type: Vec<EnumProto>,
    #[prost(message, repeated, tag = "5")]
    pub(super) extension_range: Vec<ExtensionRange>,
    #[prost(message, repeated, tag = "6")]
    pub(super) extension: Vec<FieldProto>,
    #[prost(message, optional, boxed, tag = "7")]
    pub(super) options: Option<Box<MessageOptions>>,
    #[prost(message, repeated, tag = "8")]
    pub(super) oneof_decl: Vec<OneofProto>,
    #[prost(message, repeated, tag = "9")]
    pub(super) reserved_range: Vec<ReservedRange>,
    #[prost(string, repeated, tag = "10")]
    pub(super) reserved_name: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ExtensionRange {
    #[prost(int32, optional, tag = "1")]
    pub(super) start: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(super) end: Option<i32>,
    #[prost(message, optional, boxed, tag = "3")]
    pub(super) options: Option<Box<ExtensionRangeOptions>>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct ReservedRange {
    #[prost(int32, optional, tag = "1")]
    pub(super) start: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(super) end: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FieldProto {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(super) extendee: Option<String>,
    #[prost(int32, optional, tag = "3")]
    pub(super) number: Option<i32>,
    #[prost(int32, optional, tag = "4")]
    pub(super) label: Option<i32>,
    #[prost(int32, optional, tag = "5")]
    pub(super) r#type: Option<i32>,
    #[prost(string, optional, tag = "6")]
    pub(super) type_name: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub(super) default_value: Option<String>,
    #[prost(message, optional, boxed, tag = "8")]
    pub(super) options: Option<Box<FieldOptions>>,
    #[prost(int32, optional, tag = "9")]
    pub(super) oneof_index: Option<i32>,
    #[prost(string, optional, tag = "10")]
    pub(super) json_name: Option<String>,
    #[prost(bool, optional, tag = "17")]
    pub(super) proto3_optional: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OneofProto {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub(super) options: Option<OneofOptions>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct EnumProto {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(message, repeated, tag = "2")]
    pub(super) value: Vec<EnumValueProto>,
    #[prost(message, optional, boxed, tag = "3")]
    pub(super) options: Option<Box<EnumOptions>>,
    #[prost(message, repeated, tag = "4")]
    pub(super) reserved_range: Vec<ReservedRange>,
    #[prost(string, repeated, tag = "5")]
    pub(super) reserved_name: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct EnumValueProto {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(int32, optional, tag = "2")]
    pub(super) number: Option<i32>,
    #[prost(message, optional, boxed, tag = "3")]
    pub(super) options: Option<Box<EnumValueOptions>>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ServiceProto {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(message, repeated, tag = "2")]
    pub(super) method: Vec<MethodProto>,
    #[prost(message, optional, tag = "3")]
    pub(super) options: Option<ServiceOptions>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MethodProto {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(super) input_type: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(super) output_type: Option<String>,
    #[prost(message, optional, tag = "4")]
    pub(super) options: Option<MethodOptions>,
    #[prost(bool, optional, tag = "5")]
    pub(super) client_streaming: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub(super) server_streaming: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FileOptions {
    #[prost(string, optional, tag = "1")]
    pub(super) java_package: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(super) java_outer_classname: Option<String>,
    #[prost(int32, optional, tag = "9")]
    pub(super) optimize_for: Option<i32>,
    #[prost(bool, optional, tag = "10")]
    pub(super) java_multiple_files: Option<bool>,
    #[prost(string, optional, tag = "11")]
    pub(super) go_package: Option<String>,
    #[prost(bool, optional, tag = "16")]
    pub(super) cc_generic_services: Option<bool>,
    #[prost(bool, optional, tag = "17")]
    pub(super) java_generic_services: Option<bool>,
    #[prost(bool, optional, tag = "18")]
    pub(super) py_generic_services: Option<bool>,
    #[prost(bool, optional, tag = "20")]
    pub(super) java_generate_equals_and_hash: Option<bool>,
    #[prost(bool, optional, tag = "23")]
    pub(super) deprecated: Option<bool>,
    #[prost(bool, optional, tag = "27")]
    pub(super) java_string_check_utf8: Option<bool>,
    #[prost(bool, optional, tag = "31")]
    pub(super) cc_enable_arenas: Option<bool>,
    #[prost(string, optional, tag = "36")]
    pub(super) objc_class_prefix: Option<String>,
    #[prost(string, optional, tag = "37")]
    pub(super) csharp_namespace: Option<String>,
    #[prost(string, optional, tag = "39")]
    pub(super) swift_prefix: Option<String>,
    #[prost(string, optional, tag = "40")]
    pub(super) php_class_prefix: Option<String>,
    #[prost(string, optional, tag = "41")]
    pub(super) php_namespace: Option<String>,
    #[prost(string, optional, tag = "44")]
    pub(super) php_metadata_namespace: Option<String>,
    #[prost(string, optional, tag = "45")]
    pub(super) ruby_package: Option<String>,
    #[prost(message, optional, tag = "50")]
    pub(super) features: Option<FeatureSet>,
    #[prost(message, optional, tag = "1088")]
    pub(super) meta: Option<Meta>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MessageOptions {
    #[prost(bool, optional, tag = "2")]
    pub(super) no_standard_descriptor_accessor: Option<bool>,
    #[prost(bool, optional, tag = "3")]
    pub(super) deprecated: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub(super) map_entry: Option<bool>,
    #[prost(message, optional, tag = "12")]
    pub(super) features: Option<FeatureSet>,
    #[prost(message, optional, tag = "1088")]
    pub(super) meta: Option<Meta>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FieldOptions {
    #[prost(int32, optional, tag = "1")]
    pub(super) ctype: Option<i32>,
    #[prost(bool, optional, tag = "2")]
    pub(super) packed: Option<bool>,
    #[prost(bool, optional, tag = "3")]
    pub(super) deprecated: Option<bool>,
    #[prost(int32, optional, tag = "6")]
    pub(super) jstype: Option<i32>,
    #[prost(bool, optional, tag = "16")]
    pub(super) debug_redact: Option<bool>,
    #[prost(int32, optional, tag = "17")]
    pub(super) retention: Option<i32>,
    #[prost(int32, repeated, packed = "false", tag = "19")]
    pub(super) targets: Vec<i32>,
    #[prost(message, repeated, tag = "20")]
    pub(super) edition_defaults: Vec<EditionDefault>,
    #[prost(message, optional, tag = "21")]
    pub(super) features: Option<FeatureSet>,
    #[prost(message, optional, tag = "22")]
    pub(super) feature_support: Option<FeatureSupport>,
    #[prost(message, optional, tag = "1088")]
    pub(super) meta: Option<Meta>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct OneofOptions {
    #[prost(message, optional, tag = "1")]
    pub(super) features: Option<FeatureSet>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct EnumOptions {
    #[prost(bool, optional, tag = "2")]
    pub(super) allow_alias: Option<bool>,
    #[prost(bool, optional, tag = "3")]
    pub(super) deprecated: Option<bool>,
    #[prost(message, optional, tag = "7")]
    pub(super) features: Option<FeatureSet>,
    #[prost(message, optional, tag = "1088")]
    pub(super) meta: Option<Meta>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct EnumValueOptions {
    #[prost(bool, optional, tag = "1")]
    pub(super) deprecated: Option<bool>,
    #[prost(message, optional, tag = "2")]
    pub(super) features: Option<FeatureSet>,
    #[prost(bool, optional, tag = "3")]
    pub(super) debug_redact: Option<bool>,
    #[prost(message, optional, tag = "4")]
    pub(super) feature_support: Option<FeatureSupport>,
    #[prost(message, optional, tag = "1088")]
    pub(super) meta: Option<Meta>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct ServiceOptions {
    #[prost(bool, optional, tag = "33")]
    pub(super) deprecated: Option<bool>,
    #[prost(message, optional, tag = "34")]
    pub(super) features: Option<FeatureSet>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct MethodOptions {
    #[prost(bool, optional, tag = "33")]
    pub(super) deprecated: Option<bool>,
    #[prost(int32, optional, tag = "34")]
    pub(super) idempotency_level: Option<i32>,
    #[prost(message, optional, tag = "35")]
    pub(super) features: Option<FeatureSet>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ExtensionRangeOptions {
    #[prost(message, repeated, tag = "2")]
    pub(super) declaration: Vec<Declaration>,
    #[prost(int32, optional, tag = "3")]
    pub(super) verification: Option<i32>,
    #[prost(message, optional, tag = "50")]
    pub(super) features: Option<FeatureSet>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Declaration {
    #[prost(int32, optional, tag = "1")]
    pub(super) number: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(super) full_name: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(super) r#type: Option<String>,
    #[prost(bool, optional, tag = "5")]
    pub(super) reserved: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub(super) repeated: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct EditionDefault {
    #[prost(string, optional, tag = "2")]
    pub(super) value: Option<String>,
    #[prost(int32, optional, tag = "3")]
    pub(super) edition: Option<i32>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct FeatureSet {
    #[prost(int32, optional, tag = "1")]
    pub(super) field_presence: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(super) enum_type: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    pub(super) repeated_field_encoding: Option<i32>,
    #[prost(int32, optional, tag = "4")]
    pub(super) utf8_validation: Option<i32>,
    #[prost(int32, optional, tag = "5")]
    pub(super) message_encoding: Option<i32>,
    #[prost(int32, optional, tag = "6")]
    pub(super) json_format: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FeatureSupport {
    #[prost(int32, optional, tag = "1")]
    pub(super) edition_introduced: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(super) edition_deprecated: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub(super) deprecation_warning: Option<String>,
    #[prost(int32, optional, tag = "4")]
    pub(super) edition_removed: Option<i32>,
}

/// `confluent.Meta`; its map is read as the list of entries that it is on the wire.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Meta {
    #[prost(string, tag = "1")]
    pub(super) doc: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) params: Vec<Param>,
    #[prost(string, repeated, tag = "3")]
    pub(super) tags: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    pub(super) rules: Vec<MetaRule>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Param {
    #[prost(string, tag = "1")]
    pub(super) key: String,
    #[prost(string, tag = "2")]
    pub(super) value: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MetaRule {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) doc: String,
    #[prost(string, tag = "3")]
    pub(super) expr: String,
    #[prost(string, tag = "4")]
    pub(super) sql: String,
}
