-- Names and texts are compared and ordered by their bytes, whatever the database's own locale is:
-- lists then have one order on every database.

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END
$$;

-- Contexts hold the counters of the ids. A row is never removed and a counter never goes back,
-- because an id that was given to a second schema would corrupt every consumer of the first.
CREATE TABLE contexts (
    name    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    next_id BIGINT           NOT NULL CHECK (next_id BETWEEN 1 AND 2147483648)
);

CREATE TRIGGER contexts_are_kept BEFORE DELETE ON contexts
FOR EACH ROW EXECUTE FUNCTION refuse('contexts are never deleted: they hold the counters of the ids');

CREATE TRIGGER counters_only_grow BEFORE UPDATE OF next_id ON contexts
FOR EACH ROW WHEN (NEW.next_id < OLD.next_id)
EXECUTE FUNCTION refuse('the counter of a context never goes back');

-- The content behind an id. "refs" is the JSON list of its references as they were given.
CREATE TABLE schemas (
    context     TEXT COLLATE "C" NOT NULL REFERENCES contexts (name),
    id          INTEGER          NOT NULL CHECK (id >= 0),
    fingerprint BYTEA            NOT NULL CHECK (length(fingerprint) = 16),
    schema_type TEXT             NOT NULL CHECK (schema_type IN ('AVRO', 'JSON', 'PROTOBUF')),
    text        TEXT             NOT NULL,
    refs        TEXT             NOT NULL,
    metadata    TEXT,
    imported    BOOLEAN          NOT NULL,
    PRIMARY KEY (context, id)
);

CREATE TRIGGER schemas_never_change BEFORE UPDATE ON schemas
FOR EACH ROW EXECUTE FUNCTION refuse('the content behind an id never changes');

-- One content has one id in a context; only an import may give it more. The type is no part of
-- the fingerprint, so it stands beside it.
CREATE UNIQUE INDEX schemas_once ON schemas (context, fingerprint, schema_type) WHERE NOT imported;
CREATE INDEX schemas_by_fingerprint ON schemas (fingerprint, context, id);

-- Where the references of a content point to, for the question who references a version.
CREATE TABLE reference_targets (
    context        TEXT COLLATE "C" NOT NULL,
    id             INTEGER          NOT NULL,
    target_context TEXT COLLATE "C" NOT NULL,
    target_subject TEXT COLLATE "C" NOT NULL,
    target_version INTEGER          NOT NULL,
    FOREIGN KEY (context, id) REFERENCES schemas (context, id) ON DELETE CASCADE
);

-- An entry of an index holds 2,704 bytes at most, a name 1,024: two names fit, three do not.
CREATE INDEX reference_targets_by_target ON reference_targets (target_context, target_subject);
CREATE INDEX reference_targets_by_schema ON reference_targets (context, id);

CREATE TABLE versions (
    context    TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    version    INTEGER          NOT NULL CHECK (version >= 1),
    id         INTEGER          NOT NULL,
    is_deleted BOOLEAN          NOT NULL,
    ts_ms      BIGINT           NOT NULL,
    PRIMARY KEY (context, subject, version),
    FOREIGN KEY (context, id) REFERENCES schemas (context, id)
);

-- In this order the first holder of an id is found without looking at the others.
CREATE INDEX versions_by_id ON versions (context, id, is_deleted, subject, version);

-- Grows with every change of a subject's versions, and stays when the subject is gone.
CREATE TABLE subject_revisions (
    context  TEXT COLLATE "C" NOT NULL,
    subject  TEXT COLLATE "C" NOT NULL,
    revision BIGINT           NOT NULL,
    PRIMARY KEY (context, subject)
);

-- An empty subject stands for the context as a whole.
CREATE TABLE configs (
    context  TEXT COLLATE "C" NOT NULL,
    subject  TEXT COLLATE "C" NOT NULL,
    document TEXT             NOT NULL,
    PRIMARY KEY (context, subject)
);

CREATE TABLE modes (
    context TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    mode    TEXT             NOT NULL,
    PRIMARY KEY (context, subject)
);

-- Grows with every change of a config or a mode. Every writing transaction locks the row before
-- it does anything else: one writes at a time, whichever node it comes from.
CREATE TABLE settings_revision (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    revision BIGINT  NOT NULL
);

INSERT INTO settings_revision VALUES (1, 0);

CREATE TRIGGER the_lock_is_kept BEFORE DELETE ON settings_revision
FOR EACH ROW EXECUTE FUNCTION refuse('this row is what writers lock');
