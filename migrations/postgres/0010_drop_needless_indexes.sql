-- Every registration was entered in them: the audit is read in its own order, and schemas are counted
-- by the index of their fingerprints.
DROP INDEX schemas_by_type;
DROP INDEX audit_by_time;
