-- One text for SQLite and PostgreSQL: TEXT and BIGINT only, flags are 0 or 1, instants are milliseconds since 1970,
-- bytes are lower-case hexadecimal. A row number comes from `counters`, because the two databases number rows differently.

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('inbox', 0);
INSERT INTO counters (name, value) VALUES ('outbox', 0);
INSERT INTO counters (name, value) VALUES ('cases', 0);
INSERT INTO counters (name, value) VALUES ('checkpoints', 0);

CREATE TABLE inbox (
    id BIGINT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    body TEXT NOT NULL,
    owner TEXT NOT NULL,
    claimed_until BIGINT,
    done_at BIGINT
);
CREATE INDEX inbox_waiting ON inbox (id) WHERE done_at IS NULL;
CREATE INDEX inbox_at ON inbox (at);

CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    n BIGINT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    open BIGINT NOT NULL,
    subject_key TEXT,
    surface TEXT NOT NULL,
    channel TEXT NOT NULL,
    origin_key TEXT NOT NULL UNIQUE,
    origin_message TEXT NOT NULL,
    due_at BIGINT,
    due_is_work BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX cases_n ON cases (n);
CREATE INDEX cases_open ON cases (n) WHERE open = 1;
CREATE INDEX cases_subject ON cases (subject_key, n) WHERE open = 1;
CREATE INDEX cases_closed ON cases (subject_key, n) WHERE state = 'closed';
CREATE INDEX cases_message ON cases (origin_message, n);
CREATE INDEX cases_due ON cases (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX cases_due_work ON cases (due_at) WHERE due_is_work = 1;

-- A plan never changes: it is stored once under its digest.
CREATE TABLE plans (
    digest TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE proposals (
    case_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    digest TEXT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    PRIMARY KEY (case_id, number)
);

CREATE TABLE votes (
    case_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    voter TEXT NOT NULL,
    digest TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (case_id, number, voter)
);

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    digest TEXT NOT NULL,
    grant_json TEXT NOT NULL,
    at BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    UNIQUE (case_id, number)
);
CREATE INDEX runs_open ON runs (at) WHERE ended = 0;

CREATE TABLE journal (
    run_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
);

-- `claimed_until` is set while somebody sends the row; such a row is never overwritten, a newer one is put beside it.
CREATE TABLE outbox (
    id BIGINT PRIMARY KEY,
    surface TEXT NOT NULL,
    key TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    owner TEXT NOT NULL,
    claimed_until BIGINT,
    why TEXT,
    done_at BIGINT
);
CREATE INDEX outbox_waiting ON outbox (surface, due_at) WHERE done_at IS NULL;
CREATE INDEX outbox_key ON outbox (surface, key) WHERE done_at IS NULL;
CREATE INDEX outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL;

-- Where the thing of a key was posted last, and by which outbox row.
CREATE TABLE posts (
    surface TEXT NOT NULL,
    key TEXT NOT NULL,
    posted TEXT NOT NULL,
    outbox_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (surface, key)
);

-- An empty holder means that the lease was given back. `journaled_at`: last journal row written under it.
CREATE TABLE leases (
    key TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    number BIGINT NOT NULL,
    until BIGINT NOT NULL,
    journaled_at BIGINT
);

CREATE TABLE audit (
    chain TEXT NOT NULL,
    seq BIGINT NOT NULL,
    prev TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    commitment TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (chain, seq)
);

CREATE TABLE audit_payloads (
    chain TEXT NOT NULL,
    seq BIGINT NOT NULL,
    salt TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (chain, seq)
);

-- The last row of each chain, and the one that the last checkpoint naming the chain has sealed.
CREATE TABLE audit_heads (
    chain TEXT PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    sealed_seq BIGINT NOT NULL,
    sealed_hash TEXT NOT NULL
);
CREATE INDEX audit_heads_unsealed ON audit_heads (chain) WHERE seq <> sealed_seq OR hash <> sealed_hash;

-- `changed`: JSON [[chain, seq, hash], …] of the heads that moved since the checkpoint before; `heads`: digest of all heads.
CREATE TABLE audit_checkpoints (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    prev TEXT NOT NULL,
    changed TEXT NOT NULL,
    heads TEXT NOT NULL,
    hash TEXT NOT NULL,
    mac TEXT NOT NULL
);

CREATE TABLE links (
    surface TEXT NOT NULL,
    key TEXT NOT NULL,
    okta TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (surface, key, created_at)
);
CREATE INDEX links_okta ON links (okta);

-- A value of NULL means: not set. The row stays, so that it can be locked.
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT
);
