-- Key encryption keys. "kms_props" is a JSON object of strings.
CREATE TABLE keks (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kms_type   TEXT             NOT NULL,
    kms_key_id TEXT             NOT NULL,
    kms_props  TEXT             NOT NULL,
    doc        TEXT,
    shared     BOOLEAN          NOT NULL,
    is_deleted BOOLEAN          NOT NULL,
    ts_ms      BIGINT           NOT NULL
);

-- Data encryption keys, wrapped by their KEK.
CREATE TABLE deks (
    kek                    TEXT COLLATE "C" NOT NULL REFERENCES keks (name),
    context                TEXT COLLATE "C" NOT NULL,
    subject                TEXT COLLATE "C" NOT NULL,
    algorithm              TEXT COLLATE "C" NOT NULL
        CHECK (algorithm IN ('AES128_GCM', 'AES256_GCM', 'AES256_SIV')),
    version                INTEGER          NOT NULL CHECK (version >= 1),
    encrypted_key_material TEXT             NOT NULL,
    is_deleted             BOOLEAN          NOT NULL,
    ts_ms                  BIGINT           NOT NULL
);

-- Three names are longer than an entry of an index.
CREATE UNIQUE INDEX deks_once ON deks (kek, md5(context), md5(subject), algorithm, version);
