-- One index by fingerprint and type for what clients have registered, and one for what was imported,
-- so that a registration is entered once instead of twice.
DROP INDEX schemas_once;
DROP INDEX schemas_by_fingerprint;
CREATE UNIQUE INDEX schemas_once ON schemas (fingerprint, context, schema_type) WHERE NOT imported;
CREATE INDEX schemas_imported ON schemas (fingerprint, context, schema_type) WHERE imported;
