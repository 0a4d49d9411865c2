-- For the metrics, which ask how many schemas of each type there are.
CREATE INDEX schemas_by_type ON schemas (schema_type);
