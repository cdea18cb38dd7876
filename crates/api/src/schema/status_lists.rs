//! The status lists: the marks of what is not valid, by list, and what was signed last.
//!
//! Triggers keep the marks: whatever changes a license, imports it or buries it marks its place in the same transaction.

/// Marks the place of a license with 1, revoked or deleted, or with 2, suspended.
macro_rules! mark {
    ($row:literal, $status:literal, $where:literal) => {
        concat!(
            "INSERT INTO marks (list, place, status) SELECT ",
            $row,
            "document ->> '$.statusList.list', ",
            $row,
            "document ->> '$.statusList.index', ",
            $status,
            " ",
            $where,
            " ON CONFLICT (list, place) DO UPDATE SET status = excluded.status"
        )
    };
}

/// A list whose marks change is encoded and signed anew.
macro_rules! changes {
    ($event:literal, $row:literal) => {
        concat!(
            "CREATE TRIGGER a_list_changes_by_",
            $event,
            " AFTER ",
            $event,
            " ON marks
                BEGIN UPDATE status_lists SET changed = 1, lst = NULL WHERE list = ",
            $row,
            ".list; END"
        )
    };
}

#[rustfmt::skip]
pub(super) const STATEMENTS: &[&str] = &[
    // `lst` is what the marks make, until one of them changes. A list is signed again and again while it is wanted.
    "CREATE TABLE status_lists (
        list INTEGER PRIMARY KEY,
        version INTEGER NOT NULL DEFAULT 0,
        changed INTEGER NOT NULL DEFAULT 1,
        wanted_until TEXT NOT NULL DEFAULT '',
        lst TEXT
    ) STRICT",
    "CREATE INDEX status_lists_changed ON status_lists (changed) WHERE changed = 1",
    "CREATE TABLE marks (
        list INTEGER NOT NULL,
        place INTEGER NOT NULL,
        status INTEGER NOT NULL,
        PRIMARY KEY (list, place)
    ) STRICT, WITHOUT ROWID",
    "INSERT INTO status_lists (list) SELECT list FROM place_counts",
    mark!("", "CASE WHEN revoked THEN 1 ELSE 2 END", "FROM licenses WHERE revoked = 1 OR suspended = 1"),
    mark!("", "1", "FROM tombstones WHERE kind = 'license' AND document IS NOT NULL"),

    "CREATE TRIGGER a_first_place_begins_a_list AFTER INSERT ON place_counts
        BEGIN INSERT INTO status_lists (list) VALUES (NEW.list); END",
    changes!("INSERT", "NEW"), changes!("UPDATE", "NEW"), changes!("DELETE", "OLD"),
    concat!(
        "CREATE TRIGGER licenses_come_with_a_mark AFTER INSERT ON licenses WHEN NEW.revoked = 1 OR NEW.suspended = 1 BEGIN ",
        mark!("NEW.", "CASE WHEN NEW.revoked THEN 1 ELSE 2 END", "WHERE true"), "; END"
    ),
    concat!(
        "CREATE TRIGGER licenses_change_their_mark AFTER UPDATE OF revoked, suspended ON licenses BEGIN ",
        mark!("NEW.", "CASE WHEN NEW.revoked THEN 1 ELSE 2 END", "WHERE NEW.revoked = 1 OR NEW.suspended = 1"), ";
        DELETE FROM marks WHERE NEW.revoked = 0 AND NEW.suspended = 0
            AND list = NEW.document ->> '$.statusList.list' AND place = NEW.document ->> '$.statusList.index'; END"
    ),
    concat!(
        "CREATE TRIGGER deleted_licenses_keep_a_mark AFTER INSERT ON tombstones
            WHEN NEW.kind = 'license' AND NEW.document IS NOT NULL BEGIN ",
        mark!("NEW.", "1", "WHERE true"), "; END"
    ),
];
