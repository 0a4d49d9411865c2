//! The keywords that the reference knows in the newer dialects.

/// All of them; what is not here is kept as it is and means nothing.
const KNOWN: [&str; 53] = [
    "$id",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$ref",
    "$defs",
    "$schema",
    "$vocabulary",
    "minLength",
    "maxLength",
    "allOf",
    "anyOf",
    "oneOf",
    "additionalProperties",
    "properties",
    "patternProperties",
    "title",
    "description",
    "readOnly",
    "writeOnly",
    "deprecated",
    "default",
    "enum",
    "const",
    "false",
    "true",
    "type",
    "not",
    "required",
    "maximum",
    "minimum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "multipleOf",
    "uniqueItems",
    "items",
    "prefixItems",
    "contains",
    "minContains",
    "maxContains",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "unevaluatedItems",
    "unevaluatedProperties",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "pattern",
];

pub(super) fn is_known(key: &str) -> bool {
    key == "format" || KNOWN.contains(&key)
}

/// Keywords whose members are schemas under names or positions of their own.
pub(super) fn holds_schemas(key: &str) -> bool {
    matches!(key, "$defs" | "allOf" | "anyOf" | "oneOf" | "properties" | "patternProperties")
}
