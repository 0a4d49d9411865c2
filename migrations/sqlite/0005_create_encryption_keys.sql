-- Key encryption keys. "kms_props" is a JSON object of strings.
CREATE TABLE keks (
    name       TEXT    NOT NULL PRIMARY KEY,
    kms_type   TEXT    NOT NULL,
    kms_key_id TEXT    NOT NULL,
    kms_props  TEXT    NOT NULL,
    doc        TEXT,
    shared     INTEGER NOT NULL CHECK (shared IN (0, 1)),
    is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    ts_ms      INTEGER NOT NULL
) STRICT;

-- Data encryption keys, wrapped by their KEK.
CREATE TABLE deks (
    kek                    TEXT    NOT NULL REFERENCES keks (name),
    context                TEXT    NOT NULL,
    subject                TEXT    NOT NULL,
    algorithm              TEXT    NOT NULL
        CHECK (algorithm IN ('AES128_GCM', 'AES256_GCM', 'AES256_SIV')),
    version                INTEGER NOT NULL CHECK (version BETWEEN 1 AND 2147483647),
    encrypted_key_material TEXT    NOT NULL,
    is_deleted             INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    ts_ms                  INTEGER NOT NULL,
    PRIMARY KEY (kek, context, subject, algorithm, version)
) STRICT, WITHOUT ROWID;
