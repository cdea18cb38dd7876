//! What an import brings waits apart in the outbox, so that what somebody changes waits behind none of it.

pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE outbox ADD COLUMN paced INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX outbox_changes ON outbox (next_at) WHERE paced = 0",
    "CREATE INDEX outbox_paced ON outbox (next_at) WHERE paced = 1",
    "DROP INDEX outbox_by_time",
];
