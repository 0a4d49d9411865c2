-- Who changed what. A row is written in the transaction of the change; a change that was refused has
-- one with its error code. "action" is the operation's name in /openapi.json, "name" that of a KEK
-- or a resource; an empty subject stands for its context.
CREATE TABLE audit (
    seq        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    ts_ms      INTEGER NOT NULL,
    principal  TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    context    TEXT,
    subject    TEXT,
    version    INTEGER,
    schema_id  INTEGER,
    name       TEXT,
    error_code INTEGER,
    request_id TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (ts_ms);
