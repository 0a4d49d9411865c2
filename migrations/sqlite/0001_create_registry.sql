-- Contexts hold the counters of the ids. A row is never removed and a counter never goes back,
-- because an id that was given to a second schema would corrupt every consumer of the first.
CREATE TABLE contexts (
    name    TEXT    NOT NULL PRIMARY KEY,
    next_id INTEGER NOT NULL CHECK (next_id BETWEEN 1 AND 2147483648)
) STRICT;

CREATE TRIGGER contexts_are_kept BEFORE DELETE ON contexts
BEGIN
    SELECT RAISE(ABORT, 'contexts are never deleted: they hold the counters of the ids');
END;

CREATE TRIGGER counters_only_grow BEFORE UPDATE OF next_id ON contexts WHEN NEW.next_id < OLD.next_id
BEGIN
    SELECT RAISE(ABORT, 'the counter of a context never goes back');
END;

-- The content behind an id. "refs" is the JSON list of its references as they were given.
CREATE TABLE schemas (
    context     TEXT    NOT NULL REFERENCES contexts (name),
    id          INTEGER NOT NULL CHECK (id BETWEEN 0 AND 2147483647),
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 16),
    schema_type TEXT    NOT NULL CHECK (schema_type IN ('AVRO', 'JSON', 'PROTOBUF')),
    text        TEXT    NOT NULL,
    refs        TEXT    NOT NULL,
    metadata    TEXT,
    imported    INTEGER NOT NULL CHECK (imported IN (0, 1)),
    PRIMARY KEY (context, id)
) STRICT;

CREATE TRIGGER schemas_never_change BEFORE UPDATE ON schemas
BEGIN
    SELECT RAISE(ABORT, 'the content behind an id never changes');
END;

-- One content has one id in a context; only an import may give it more. The type is no part of
-- the fingerprint, so it stands beside it.
CREATE UNIQUE INDEX schemas_once ON schemas (context, fingerprint, schema_type) WHERE imported = 0;
CREATE INDEX schemas_by_fingerprint ON schemas (fingerprint, context, id);

-- Where the references of a content point to, for the question who references a version.
CREATE TABLE reference_targets (
    context        TEXT    NOT NULL,
    id             INTEGER NOT NULL,
    target_context TEXT    NOT NULL,
    target_subject TEXT    NOT NULL,
    target_version INTEGER NOT NULL,
    PRIMARY KEY (target_context, target_subject, target_version, context, id),
    FOREIGN KEY (context, id) REFERENCES schemas (context, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX reference_targets_by_schema ON reference_targets (context, id);

CREATE TABLE versions (
    context    TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (version BETWEEN 1 AND 2147483647),
    id         INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    ts_ms      INTEGER NOT NULL,
    PRIMARY KEY (context, subject, version),
    FOREIGN KEY (context, id) REFERENCES schemas (context, id)
) STRICT, WITHOUT ROWID;

-- In this order the first holder of an id is found without looking at the others.
CREATE INDEX versions_by_id ON versions (context, id, is_deleted, subject, version);

-- Grows with every change of a subject's versions, and stays when the subject is gone.
CREATE TABLE subject_revisions (
    context  TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (context, subject)
) STRICT, WITHOUT ROWID;

-- An empty subject stands for the context as a whole.
CREATE TABLE configs (
    context  TEXT NOT NULL,
    subject  TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (context, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE modes (
    context TEXT NOT NULL,
    subject TEXT NOT NULL,
    mode    TEXT NOT NULL,
    PRIMARY KEY (context, subject)
) STRICT, WITHOUT ROWID;

-- Grows with every change of a config or a mode.
CREATE TABLE settings_revision (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    revision INTEGER NOT NULL
) STRICT;

INSERT INTO settings_revision VALUES (1, 0);
