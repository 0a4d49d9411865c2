-- Which subject holds the schemas of the keys or values of a resource.
CREATE TABLE associations (
    guid               TEXT    NOT NULL PRIMARY KEY,
    context            TEXT    NOT NULL,
    subject            TEXT    NOT NULL,
    resource_name      TEXT    NOT NULL,
    resource_namespace TEXT    NOT NULL,
    resource_id        TEXT    NOT NULL,
    resource_type      TEXT    NOT NULL,
    association_type   TEXT    NOT NULL CHECK (association_type IN ('key', 'value')),
    lifecycle          TEXT    NOT NULL CHECK (lifecycle IN ('STRONG', 'WEAK')),
    create_ts_ms       INTEGER NOT NULL,
    update_ts_ms       INTEGER NOT NULL,
    UNIQUE (resource_id, resource_type, association_type)
) STRICT;

CREATE INDEX associations_by_subject ON associations (context, subject);
CREATE INDEX associations_by_name ON associations (resource_name, resource_namespace);

-- A subject that one resource owns has no other association.
CREATE TRIGGER owned_subjects_are_not_shared BEFORE INSERT ON associations
WHEN EXISTS (
    SELECT 1 FROM associations
    WHERE context = NEW.context AND subject = NEW.subject
    AND (lifecycle = 'STRONG' OR NEW.lifecycle = 'STRONG')
)
BEGIN
    SELECT RAISE(ABORT, 'a subject with a strong association has no other');
END;
