-- Which subject holds the schemas of the keys or values of a resource.
CREATE TABLE associations (
    guid               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    context            TEXT COLLATE "C" NOT NULL,
    subject            TEXT COLLATE "C" NOT NULL,
    resource_name      TEXT COLLATE "C" NOT NULL,
    resource_namespace TEXT COLLATE "C" NOT NULL,
    resource_id        TEXT COLLATE "C" NOT NULL,
    resource_type      TEXT COLLATE "C" NOT NULL,
    association_type   TEXT COLLATE "C" NOT NULL CHECK (association_type IN ('key', 'value')),
    lifecycle          TEXT             NOT NULL CHECK (lifecycle IN ('STRONG', 'WEAK')),
    create_ts_ms       BIGINT           NOT NULL,
    update_ts_ms       BIGINT           NOT NULL
);

-- The ids of resources are as long as clients make them, longer than an index could hold whole.
CREATE UNIQUE INDEX associations_once
ON associations (md5(resource_id), resource_type, association_type);
CREATE INDEX associations_by_resource ON associations USING hash (resource_id);

CREATE INDEX associations_by_subject ON associations (context, subject);
CREATE INDEX associations_by_name ON associations (resource_name, resource_namespace);

-- A subject that one resource owns has no other association.
CREATE FUNCTION refuse_to_share_owned_subjects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM associations
        WHERE context = NEW.context AND subject = NEW.subject
        AND (lifecycle = 'STRONG' OR NEW.lifecycle = 'STRONG')
    ) THEN
        RAISE EXCEPTION 'a subject with a strong association has no other'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER owned_subjects_are_not_shared BEFORE INSERT ON associations
FOR EACH ROW EXECUTE FUNCTION refuse_to_share_owned_subjects();
