-- Who changed what. A row is written in the transaction of the change; a change that was refused has
-- one with its error code. "action" is the operation's name in /openapi.json, "name" that of a KEK
-- or a resource; an empty subject stands for its context.
CREATE TABLE audit (
    seq        BIGINT  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ts_ms      BIGINT  NOT NULL,
    principal  TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    context    TEXT,
    subject    TEXT,
    version    INTEGER,
    schema_id  INTEGER,
    name       TEXT,
    error_code INTEGER,
    request_id TEXT    NOT NULL
);

CREATE INDEX audit_by_time ON audit (ts_ms);
