//! The first migration: products, licenses and activations, what was deleted, and the outbox.

pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE products (
        id TEXT PRIMARY KEY,
        created_at TEXT NOT NULL,
        licenses INTEGER NOT NULL DEFAULT 0,
        document TEXT NOT NULL
    ) STRICT",
    "CREATE INDEX products_by_age ON products (created_at)",
    "CREATE TABLE licenses (
        id TEXT PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        product_id TEXT NOT NULL REFERENCES products (id),
        created_at TEXT NOT NULL,
        activations INTEGER NOT NULL DEFAULT 0,
        deactivations INTEGER NOT NULL DEFAULT 0,
        document TEXT NOT NULL
    ) STRICT",
    "CREATE INDEX licenses_by_age ON licenses (created_at)",
    "CREATE INDEX licenses_by_product ON licenses (product_id, created_at)",
    "CREATE TABLE activations (
        id TEXT PRIMARY KEY,
        license_id TEXT NOT NULL REFERENCES licenses (id) ON DELETE CASCADE,
        seat TEXT NOT NULL,
        created_at TEXT NOT NULL,
        lease_expires_at TEXT,
        document TEXT NOT NULL,
        UNIQUE (license_id, seat)
    ) STRICT",
    "CREATE INDEX activations_by_age ON activations (created_at)",
    "CREATE INDEX activations_by_license ON activations (license_id, created_at)",
    "CREATE INDEX activations_by_lease ON activations (license_id, lease_expires_at) WHERE lease_expires_at IS NOT NULL",
    // What was deleted, so that it can be told from what was never known. A license's document stays for its statement.
    "CREATE TABLE tombstones (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        deleted_at TEXT NOT NULL,
        document TEXT,
        PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID",
    // Places in the status lists, never given twice.
    "CREATE TABLE places (
        list INTEGER NOT NULL,
        place INTEGER NOT NULL,
        license_id TEXT NOT NULL,
        PRIMARY KEY (list, place)
    ) STRICT, WITHOUT ROWID",
    "CREATE TABLE place_counts (list INTEGER PRIMARY KEY, given INTEGER NOT NULL) STRICT",
    // One row a published thing, latest wins.
    "CREATE TABLE outbox (
        subject TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        next_at TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        claim INTEGER NOT NULL DEFAULT 0,
        claimed_until TEXT,
        uncertain_until TEXT
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX outbox_by_time ON outbox (next_at)",
    "CREATE TABLE audit (
        number INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        request_id TEXT NOT NULL,
        actor TEXT NOT NULL,
        address TEXT,
        action TEXT NOT NULL,
        resource TEXT NOT NULL,
        resource_id TEXT NOT NULL,
        changes TEXT NOT NULL
    ) STRICT",
];
