//! The second migration: rows in order of creation, columns for every filter, texts that can be searched, and counts.
//!
//! A row's `number` is the second of its creation times 2^21, plus a serial within that second. So the order of the table
//! and of each index is the order of creation, and a place in a list is one number below 2^53.
//! Triggers keep what is searched and what is counted, so that no code path can forget them.

/// What is read of each table in order of creation, and searched by fragments of three characters or more.
macro_rules! searched {
    ($table:literal, $search:literal) => {
        concat!(
            "CREATE VIRTUAL TABLE ", $search, " USING fts5(text, tokenize = 'trigram', content = '', contentless_delete = 1, detail = none)"
        )
    };
    (insert $table:literal, $search:literal) => {
        concat!(
            "CREATE TRIGGER ", $table, "_become_searched AFTER INSERT ON ", $table,
            " WHEN NOT EXISTS (SELECT 1 FROM unsearched WHERE name = '')",
            " BEGIN INSERT INTO ", $search, " (rowid, text) VALUES (NEW.number, NEW.search); END"
        )
    };
    // An import has said that it adds many: they become searched at its end, in one statement.
    (later $table:literal, $search:literal) => {
        concat!(
            "CREATE TRIGGER ", $table, "_become_searched_later AFTER INSERT ON ", $table,
            " WHEN EXISTS (SELECT 1 FROM unsearched WHERE name = '')",
            " BEGIN INSERT INTO unsearched (name, number) VALUES ('", $table, "', NEW.number); END"
        )
    };
    (update $table:literal, $search:literal) => {
        concat!(
            "CREATE TRIGGER ", $table, "_are_searched_anew AFTER UPDATE OF search ON ", $table,
            " WHEN OLD.search <> NEW.search",
            " AND NOT EXISTS (SELECT 1 FROM unsearched WHERE name = '", $table, "' AND number = OLD.number)",
            " BEGIN DELETE FROM ", $search, " WHERE rowid = OLD.number;",
            " INSERT INTO ", $search, " (rowid, text) VALUES (NEW.number, NEW.search); END"
        )
    };
    (delete $table:literal, $search:literal) => {
        concat!(
            "CREATE TRIGGER ", $table, "_cease_to_be_searched AFTER DELETE ON ", $table,
            " BEGIN DELETE FROM ", $search, " WHERE rowid = OLD.number; END"
        )
    };
}

/// How many rows a table has, without counting them.
macro_rules! counted {
    (start $table:literal) => {
        concat!(
            "INSERT INTO counts (name, rows) SELECT '",
            $table,
            "', COUNT(*) FROM ",
            $table
        )
    };
    (insert $table:literal) => {
        concat!(
            "CREATE TRIGGER ",
            $table,
            "_count_up AFTER INSERT ON ",
            $table,
            " BEGIN UPDATE counts SET rows = rows + 1 WHERE name = '",
            $table,
            "'; END"
        )
    };
    (delete $table:literal) => {
        concat!(
            "CREATE TRIGGER ",
            $table,
            "_count_down AFTER DELETE ON ",
            $table,
            " BEGIN UPDATE counts SET rows = rows - 1 WHERE name = '",
            $table,
            "'; END"
        )
    };
}

/// Licenses by the day on which they end, or begin to end soon; those that never do have the day `9999`.
/// A status at any moment is a sum of few rows, with the licenses of that one day looked at one by one.
macro_rules! count_days {
    ($row:literal, $by:literal) => {
        concat!(
            "INSERT INTO license_days (kind, day, revoked, suspended, licenses) VALUES",
            " ('expires', COALESCE(substr(", $row, ".expires_at, 1, 10), '9999'), ", $row, ".revoked, ", $row, ".suspended, ", $by, "),",
            " ('expiring', COALESCE(substr(", $row, ".expiring_at, 1, 10), '9999'), ", $row, ".revoked, ", $row, ".suspended, ", $by, ")",
            " ON CONFLICT (kind, day, revoked, suspended) DO UPDATE SET licenses = licenses + excluded.licenses;"
        )
    };
}

#[rustfmt::skip]
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE counts (name TEXT PRIMARY KEY, rows INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE templates (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        name TEXT NOT NULL COLLATE NOCASE,
        search TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT",
    "CREATE TABLE products_in_order (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        template_id TEXT REFERENCES templates (id),
        created_at TEXT NOT NULL,
        name TEXT NOT NULL COLLATE NOCASE,
        licenses INTEGER NOT NULL DEFAULT 0,
        search TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT",
    "INSERT INTO products_in_order (number, id, created_at, name, licenses, search, document)
        SELECT CAST(strftime('%s', created_at) AS INTEGER) * 2097152
                + ROW_NUMBER() OVER (PARTITION BY substr(created_at, 1, 19) ORDER BY created_at, rowid) - 1,
            id, created_at, document ->> '$.name', licenses, lower(document ->> '$.name'), document
        FROM products",
    "CREATE TABLE product_metadata (
        number INTEGER NOT NULL REFERENCES products_in_order (number) ON DELETE CASCADE,
        key TEXT NOT NULL COLLATE NOCASE,
        value TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (number, key)
    ) STRICT, WITHOUT ROWID",
    "INSERT INTO product_metadata (number, key, value, id)
        SELECT number, entry.value ->> '$.key', entry.value ->> '$.value', entry.value ->> '$.id'
        FROM products_in_order, json_each(document, '$.metadata') AS entry",
    "CREATE INDEX product_metadata_by_id ON product_metadata (id)",
    "CREATE INDEX product_metadata_by_key ON product_metadata (key, value)",
    "CREATE INDEX product_metadata_by_value ON product_metadata (value)",
    "CREATE TABLE users (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        email TEXT NOT NULL UNIQUE COLLATE NOCASE,
        created_at TEXT NOT NULL,
        name TEXT NOT NULL COLLATE NOCASE,
        company TEXT COLLATE NOCASE,
        role TEXT NOT NULL,
        last_seen_at TEXT,
        search TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT",
    "CREATE INDEX users_by_name ON users (name)",
    "CREATE INDEX users_by_company ON users (company)",
    "CREATE INDEX users_by_role ON users (role)",
    "CREATE INDEX users_by_last_seen ON users (last_seen_at)",
    "CREATE TABLE user_metadata (
        number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
        id TEXT NOT NULL,
        key TEXT NOT NULL COLLATE NOCASE,
        value TEXT NOT NULL,
        PRIMARY KEY (number, key)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX user_metadata_by_key ON user_metadata (key, value)",
    "CREATE INDEX user_metadata_by_value ON user_metadata (value)",
    "CREATE INDEX user_metadata_by_id ON user_metadata (id)",
    "CREATE TABLE user_tags (
        number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
        tag TEXT NOT NULL COLLATE NOCASE,
        PRIMARY KEY (number, tag)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX user_tags_by_tag ON user_tags (tag)",
    "CREATE TABLE licenses_in_order (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        key TEXT NOT NULL UNIQUE,
        product_id TEXT NOT NULL REFERENCES products_in_order (id),
        user_id TEXT REFERENCES users (id),
        created_at TEXT NOT NULL,
        expires_at TEXT,
        expiring_at TEXT,
        revoked INTEGER NOT NULL,
        suspended INTEGER NOT NULL,
        type TEXT NOT NULL,
        validity INTEGER NOT NULL,
        expiration_strategy TEXT NOT NULL,
        subscription_interval TEXT,
        subscription_start_trigger TEXT NOT NULL,
        allowed_activations INTEGER NOT NULL,
        allowed_deactivations INTEGER NOT NULL,
        allow_vm_activation INTEGER NOT NULL,
        user_locked INTEGER NOT NULL,
        activations INTEGER NOT NULL DEFAULT 0,
        deactivations INTEGER NOT NULL DEFAULT 0,
        meter_uses TEXT NOT NULL DEFAULT '{}',
        search TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT",
    "INSERT INTO licenses_in_order (number, id, key, product_id, created_at, expires_at, expiring_at, revoked, suspended, type,
            validity, expiration_strategy, subscription_interval, subscription_start_trigger, allowed_activations,
            allowed_deactivations, allow_vm_activation, user_locked, activations, deactivations, search, document)
        SELECT CAST(strftime('%s', created_at) AS INTEGER) * 2097152
                + ROW_NUMBER() OVER (PARTITION BY substr(created_at, 1, 19) ORDER BY created_at, rowid) - 1,
            id, key, product_id, created_at, document ->> '$.expiresAt', document ->> '$.expiresAt',
            document ->> '$.revoked', document ->> '$.suspended', document ->> '$.terms.type', document ->> '$.terms.validity',
            document ->> '$.terms.expirationStrategy', document ->> '$.terms.subscriptionInterval',
            document ->> '$.terms.subscriptionStartTrigger', document ->> '$.terms.allowedActivations',
            document ->> '$.terms.allowedDeactivations', document ->> '$.terms.allowVmActivation',
            document ->> '$.terms.userLocked', activations, deactivations, lower(key), document
        FROM licenses",
    "CREATE TABLE license_metadata (
        number INTEGER NOT NULL REFERENCES licenses_in_order (number) ON DELETE CASCADE,
        key TEXT NOT NULL COLLATE NOCASE,
        value TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (number, key)
    ) STRICT, WITHOUT ROWID",
    "INSERT INTO license_metadata (number, key, value, id)
        SELECT number, entry.value ->> '$.key', entry.value ->> '$.value', entry.value ->> '$.id'
        FROM licenses_in_order, json_each(document, '$.metadata') AS entry",
    "CREATE INDEX license_metadata_by_key ON license_metadata (key, value)",
    "CREATE INDEX license_metadata_by_value ON license_metadata (value)",
    "CREATE INDEX license_metadata_by_id ON license_metadata (id)",
    "CREATE TABLE license_meters (
        number INTEGER NOT NULL REFERENCES licenses_in_order (number) ON DELETE CASCADE,
        id TEXT NOT NULL,
        PRIMARY KEY (number, id)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX license_meters_by_id ON license_meters (id)",
    "CREATE TABLE license_users (
        number INTEGER NOT NULL REFERENCES licenses_in_order (number) ON DELETE CASCADE,
        user_id TEXT NOT NULL,
        PRIMARY KEY (number, user_id)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX license_users_by_user ON license_users (user_id)",
    "CREATE TABLE license_tags (
        number INTEGER NOT NULL REFERENCES licenses_in_order (number) ON DELETE CASCADE,
        tag TEXT NOT NULL COLLATE NOCASE,
        PRIMARY KEY (number, tag)
    ) STRICT, WITHOUT ROWID",
    "INSERT OR IGNORE INTO license_tags (number, tag)
        SELECT number, tag.value FROM licenses_in_order, json_each(document, '$.terms.tags') AS tag",
    "CREATE INDEX license_tags_by_tag ON license_tags (tag)",
    "CREATE TABLE activations_in_order (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        license_id TEXT NOT NULL REFERENCES licenses_in_order (id) ON DELETE CASCADE,
        product_id TEXT NOT NULL,
        seat TEXT NOT NULL,
        created_at TEXT NOT NULL,
        last_synced_at TEXT NOT NULL,
        synced_on TEXT NOT NULL,
        lease_expires_at TEXT,
        os TEXT NOT NULL,
        app_version TEXT NOT NULL,
        country_code TEXT COLLATE NOCASE,
        search TEXT NOT NULL,
        document TEXT NOT NULL,
        UNIQUE (license_id, seat)
    ) STRICT",
    // An activation names its product from now on, and what it did not know yet.
    "INSERT INTO activations_in_order (number, id, license_id, product_id, seat, created_at, last_synced_at, synced_on,
            lease_expires_at, os, app_version, country_code, search, document)
        SELECT CAST(strftime('%s', a.created_at) AS INTEGER) * 2097152
                + ROW_NUMBER() OVER (PARTITION BY substr(a.created_at, 1, 19) ORDER BY a.created_at, a.rowid) - 1,
            a.id, a.license_id, l.product_id, a.seat, a.created_at, a.document ->> '$.lastSyncedAt',
            substr(a.document ->> '$.lastSyncedAt', 1, 10), a.lease_expires_at, a.document ->> '$.os',
            a.document ->> '$.appVersion', a.document ->> '$.country', lower(a.document ->> '$.hostname'),
            json_set(a.document, '$.productId', l.product_id)
        FROM activations AS a JOIN licenses AS l ON l.id = a.license_id",
    "CREATE TABLE activation_metadata (
        number INTEGER NOT NULL REFERENCES activations_in_order (number) ON DELETE CASCADE,
        key TEXT NOT NULL COLLATE NOCASE,
        value TEXT NOT NULL,
        PRIMARY KEY (number, key)
    ) STRICT, WITHOUT ROWID",
    "INSERT OR REPLACE INTO activation_metadata (number, key, value)
        SELECT number, entry.value ->> '$.key', entry.value ->> '$.value'
        FROM activations_in_order, json_each(document, '$.metadata') AS entry",
    "CREATE INDEX activation_metadata_by_key ON activation_metadata (key, value)",
    "CREATE INDEX activation_metadata_by_value ON activation_metadata (value)",
    "CREATE INDEX products_by_template ON products_in_order (template_id) WHERE template_id IS NOT NULL",
    // Children first: dropping a table deletes its rows, and with them what refers to them.
    "DROP TABLE activations",
    "DROP TABLE licenses",
    "DROP TABLE products",
    "ALTER TABLE products_in_order RENAME TO products",
    "ALTER TABLE licenses_in_order RENAME TO licenses",
    "ALTER TABLE activations_in_order RENAME TO activations",
    "CREATE INDEX licenses_by_product ON licenses (product_id)",
    "CREATE INDEX licenses_by_user ON licenses (user_id) WHERE user_id IS NOT NULL",
    "CREATE INDEX licenses_by_end ON licenses (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE INDEX licenses_by_ending ON licenses (expiring_at) WHERE expiring_at IS NOT NULL",
    "CREATE INDEX licenses_revoked ON licenses (revoked) WHERE revoked = 1",
    "CREATE INDEX licenses_revoked_by_product ON licenses (product_id, revoked) WHERE revoked = 1",
    "CREATE INDEX licenses_suspended ON licenses (suspended) WHERE suspended = 1",
    "CREATE INDEX licenses_suspended_by_product ON licenses (product_id, suspended) WHERE suspended = 1",
    "CREATE INDEX licenses_by_type ON licenses (type)",
    "CREATE INDEX licenses_by_validity ON licenses (validity)",
    "CREATE INDEX licenses_by_interval ON licenses (subscription_interval)",
    "CREATE INDEX licenses_by_strategy ON licenses (expiration_strategy)",
    "CREATE INDEX licenses_by_trigger ON licenses (subscription_start_trigger)",
    "CREATE INDEX licenses_by_allowed_activations ON licenses (allowed_activations)",
    "CREATE INDEX licenses_by_allowed_deactivations ON licenses (allowed_deactivations)",
    "CREATE INDEX licenses_by_activations ON licenses (activations)",
    "CREATE INDEX licenses_by_deactivations ON licenses (deactivations)",
    "CREATE INDEX licenses_without_vm ON licenses (allow_vm_activation) WHERE allow_vm_activation = 0",
    "CREATE INDEX licenses_user_locked ON licenses (user_locked) WHERE user_locked = 1",
    "CREATE INDEX activations_by_license ON activations (license_id)",
    "CREATE INDEX activations_by_product ON activations (product_id)",
    "CREATE INDEX activations_by_lease ON activations (license_id, lease_expires_at) WHERE lease_expires_at IS NOT NULL",
    // A day, so that an application that syncs every hour writes this index once a day.
    "CREATE INDEX activations_by_sync ON activations (synced_on)",
    "CREATE INDEX activations_by_version ON activations (app_version)",
    "CREATE INDEX activations_by_country ON activations (country_code) WHERE country_code IS NOT NULL",
    "CREATE TABLE tags (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        search TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT",
    "CREATE TABLE access_tokens (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        digest TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        name TEXT NOT NULL COLLATE NOCASE,
        last_used_at TEXT,
        search TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT",
    "CREATE TABLE event_logs (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        request_id TEXT NOT NULL,
        actor TEXT NOT NULL COLLATE NOCASE,
        address TEXT,
        action TEXT NOT NULL COLLATE NOCASE,
        resource TEXT NOT NULL COLLATE NOCASE,
        resource_id TEXT NOT NULL,
        changes TEXT NOT NULL
    ) STRICT",
    "INSERT INTO event_logs (number, id, created_at, request_id, actor, address, action, resource, resource_id, changes)
        SELECT CAST(strftime('%s', at) AS INTEGER) * 2097152
                + ROW_NUMBER() OVER (PARTITION BY substr(at, 1, 19) ORDER BY at, number) - 1,
            lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'
                || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
            at, request_id, actor, address, action, resource, resource_id, changes
        FROM audit",
    "DROP TABLE audit",
    "CREATE INDEX event_logs_by_resource ON event_logs (resource_id)",
    "CREATE INDEX event_logs_by_action ON event_logs (action)",
    "CREATE TABLE activation_logs (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        action TEXT NOT NULL,
        product_id TEXT NOT NULL,
        license_id TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT",
    "CREATE INDEX activation_logs_by_license ON activation_logs (license_id)",
    "CREATE INDEX activation_logs_by_product ON activation_logs (product_id)",
    "CREATE INDEX activation_logs_by_action ON activation_logs (action)",

    // Rows that an import has added and not made searched yet. One without a name says that an import is at work.
    "CREATE TABLE unsearched (
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (name, number)
    ) STRICT, WITHOUT ROWID",
    searched!("licenses", "license_search"),
    "INSERT INTO license_search (rowid, text) SELECT number, search FROM licenses",
    searched!(insert "licenses", "license_search"),
    searched!(later "licenses", "license_search"),
    searched!(update "licenses", "license_search"),
    searched!(delete "licenses", "license_search"),
    searched!("users", "user_search"),
    searched!(insert "users", "user_search"),
    searched!(later "users", "user_search"),
    searched!(update "users", "user_search"),
    searched!(delete "users", "user_search"),
    searched!("activations", "activation_search"),
    "INSERT INTO activation_search (rowid, text) SELECT number, search FROM activations",
    searched!(insert "activations", "activation_search"),
    searched!(later "activations", "activation_search"),
    searched!(update "activations", "activation_search"),
    searched!(delete "activations", "activation_search"),

    counted!(start "products"), counted!(insert "products"), counted!(delete "products"),
    counted!(start "templates"), counted!(insert "templates"), counted!(delete "templates"),
    counted!(start "users"), counted!(insert "users"), counted!(delete "users"),
    counted!(start "licenses"), counted!(insert "licenses"), counted!(delete "licenses"),
    counted!(start "activations"), counted!(insert "activations"), counted!(delete "activations"),
    counted!(start "tags"), counted!(insert "tags"), counted!(delete "tags"),
    counted!(start "access_tokens"), counted!(insert "access_tokens"), counted!(delete "access_tokens"),
    counted!(start "event_logs"), counted!(insert "event_logs"), counted!(delete "event_logs"),
    counted!(start "activation_logs"), counted!(insert "activation_logs"), counted!(delete "activation_logs"),

    "CREATE TRIGGER licenses_count_for_their_product AFTER INSERT ON licenses
        BEGIN UPDATE products SET licenses = licenses + 1 WHERE id = NEW.product_id; END",
    "CREATE TRIGGER licenses_no_longer_count_for_their_product AFTER DELETE ON licenses
        BEGIN UPDATE products SET licenses = licenses - 1 WHERE id = OLD.product_id; END",
    "CREATE TABLE license_days (
        kind TEXT NOT NULL,
        day TEXT NOT NULL,
        revoked INTEGER NOT NULL,
        suspended INTEGER NOT NULL,
        licenses INTEGER NOT NULL,
        PRIMARY KEY (kind, day, revoked, suspended)
    ) STRICT, WITHOUT ROWID",
    "INSERT INTO license_days (kind, day, revoked, suspended, licenses)
        SELECT 'expires', COALESCE(substr(expires_at, 1, 10), '9999'), revoked, suspended, COUNT(*) FROM licenses GROUP BY 2, 3, 4
        UNION ALL
        SELECT 'expiring', COALESCE(substr(expiring_at, 1, 10), '9999'), revoked, suspended, COUNT(*) FROM licenses GROUP BY 2, 3, 4",
    concat!("CREATE TRIGGER licenses_count_for_their_day AFTER INSERT ON licenses BEGIN ", count_days!("NEW", "1"), " END"),
    concat!("CREATE TRIGGER licenses_no_longer_count_for_their_day AFTER DELETE ON licenses BEGIN ", count_days!("OLD", "-1"), " END"),
    concat!(
        "CREATE TRIGGER licenses_count_for_another_day AFTER UPDATE OF expires_at, expiring_at, revoked, suspended ON licenses BEGIN ",
        count_days!("OLD", "-1"), " ", count_days!("NEW", "1"), " END"
    ),
];
