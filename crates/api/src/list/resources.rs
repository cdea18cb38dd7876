//! The tables that can be listed, with every filter that the API documents for them.

use super::resource::{At, Field, Kind, Pair, Resource, by_day, column, entry, flag, indexed};
use Kind::{Boolean, Exact, Id, Integer, Text, Time, Word};

const CREATED: Field = Field {
    name: "createdAt",
    kind: Time,
    at: At::Order,
};

/// A field of the license's owner.
const fn of_owner(name: &'static str, kind: Kind, column: &'static str) -> Field {
    let at = At::Elsewhere {
        table: "users",
        column,
        link: "id",
        own: "user_id",
        indexed: true,
    };
    Field { name, kind, at }
}

/// A field of a license's activations: one of them must match.
const fn of_activation(
    name: &'static str,
    kind: Kind,
    column: &'static str,
    indexed: bool,
) -> Field {
    let at = At::Elsewhere {
        table: "activations",
        column,
        link: "license_id",
        own: "id",
        indexed,
    };
    Field { name, kind, at }
}

pub(crate) const LICENSES: Resource = Resource {
    table: "licenses",
    select: "r.activations, r.deactivations, r.meter_uses, r.document",
    search: Some("license_search"),
    text: "r.search",
    fragments: &[
        "key",
        "tag",
        "metadata.value",
        "user.email",
        "user.company",
        "user.name",
    ],
    fields: &[
        CREATED,
        indexed("id", Id, "id", "sqlite_autoindex_licenses_1"),
        indexed("key", Exact, "key", "sqlite_autoindex_licenses_2"),
        indexed("productId", Id, "product_id", "licenses_by_product"),
        indexed("userId", Id, "user_id", "licenses_by_user"),
        flag("revoked", "revoked", "licenses_revoked", 1),
        flag("suspended", "suspended", "licenses_suspended", 1),
        indexed("type", Word, "type", "licenses_by_type"),
        indexed("validity", Integer, "validity", "licenses_by_validity"),
        indexed(
            "subscriptionInterval",
            Exact,
            "subscription_interval",
            "licenses_by_interval",
        ),
        indexed(
            "subscriptionStartTrigger",
            Word,
            "subscription_start_trigger",
            "licenses_by_trigger",
        ),
        indexed(
            "expirationStrategy",
            Word,
            "expiration_strategy",
            "licenses_by_strategy",
        ),
        indexed(
            "allowedActivations",
            Integer,
            "allowed_activations",
            "licenses_by_allowed_activations",
        ),
        indexed(
            "allowedDeactivations",
            Integer,
            "allowed_deactivations",
            "licenses_by_allowed_deactivations",
        ),
        indexed(
            "totalActivations",
            Integer,
            "activations",
            "licenses_by_activations",
        ),
        indexed(
            "totalDeactivations",
            Integer,
            "deactivations",
            "licenses_by_deactivations",
        ),
        flag(
            "allowVmActivation",
            "allow_vm_activation",
            "licenses_without_vm",
            0,
        ),
        flag("userLocked", "user_locked", "licenses_user_locked", 1),
        indexed("expiresAt", Time, "expires_at", "licenses_by_end"),
        Field {
            name: "expired",
            kind: Boolean,
            at: At::Now {
                holds: "(r.expires_at IS NOT NULL AND r.expires_at < ?)",
                times: 1,
                index: "licenses_by_end",
            },
        },
        Field {
            name: "expiringSoon",
            kind: Boolean,
            at: At::Now {
                holds: "(r.expiring_at IS NOT NULL AND r.expiring_at <= ? AND r.expires_at >= ?)",
                times: 2,
                index: "licenses_by_ending",
            },
        },
        of_owner("user.email", Word, "email"),
        of_owner("user.company", Text, "company"),
        of_owner("user.name", Text, "name"),
        entry("additionalUserIds", Id, "license_users", "user_id"),
        entry("tag", Text, "license_tags", "tag"),
        entry("metadata.key", Text, "license_metadata", "key"),
        entry("metadata.value", Exact, "license_metadata", "value"),
        of_activation("activation.appVersion", Exact, "app_version", true),
        of_activation("activation.countryCode", Text, "country_code", true),
        of_activation("activation.lastSyncedAt", Time, "last_synced_at", false),
    ],
    pairs: &[
        Pair {
            first: "productId",
            second: "revoked",
            value: 1,
            index: "licenses_revoked_by_product",
        },
        Pair {
            first: "productId",
            second: "suspended",
            value: 1,
            index: "licenses_suspended_by_product",
        },
    ],
};

pub(crate) const ACTIVATIONS: Resource = Resource {
    table: "activations",
    select: "r.document",
    search: Some("activation_search"),
    text: "r.search",
    fragments: &["metadata.value", "appVersion"],
    fields: &[
        CREATED,
        indexed("id", Id, "id", "sqlite_autoindex_activations_1"),
        indexed("licenseId", Id, "license_id", "activations_by_license"),
        indexed("productId", Id, "product_id", "activations_by_product"),
        Field {
            name: "licenseKey",
            kind: Exact,
            at: At::Elsewhere {
                table: "licenses",
                column: "key",
                link: "id",
                own: "license_id",
                indexed: true,
            },
        },
        Field {
            name: "userId",
            kind: Id,
            at: At::Elsewhere {
                table: "licenses",
                column: "user_id",
                link: "id",
                own: "license_id",
                indexed: true,
            },
        },
        by_day(
            "lastSyncedAt",
            "last_synced_at",
            "synced_on",
            "activations_by_sync",
        ),
        column("os", Word, "os"),
        indexed("appVersion", Exact, "app_version", "activations_by_version"),
        indexed(
            "countryCode",
            Text,
            "country_code",
            "activations_by_country",
        ),
        entry("metadata.key", Text, "activation_metadata", "key"),
        entry("metadata.value", Exact, "activation_metadata", "value"),
    ],
    pairs: &[],
};

pub(crate) const USERS: Resource = Resource {
    table: "users",
    select: "r.document",
    search: Some("user_search"),
    text: "r.search",
    fragments: &["email", "name", "company", "tag", "metadata.value"],
    fields: &[
        CREATED,
        indexed("id", Id, "id", "sqlite_autoindex_users_1"),
        indexed("email", Word, "email", "sqlite_autoindex_users_2"),
        indexed("name", Text, "name", "users_by_name"),
        indexed("company", Text, "company", "users_by_company"),
        indexed("role", Word, "role", "users_by_role"),
        indexed("userType", Word, "role", "users_by_role"),
        indexed("lastSeenAt", Time, "last_seen_at", "users_by_last_seen"),
        entry("tag", Text, "user_tags", "tag"),
        entry("metadata.key", Text, "user_metadata", "key"),
        entry("metadata.value", Exact, "user_metadata", "value"),
        Field {
            name: "productId",
            kind: Id,
            at: At::Elsewhere {
                table: "licenses",
                column: "product_id",
                link: "user_id",
                own: "id",
                indexed: true,
            },
        },
        Field {
            name: "activation.appVersion",
            kind: Exact,
            at: At::Elsewhere {
                table: "(SELECT l.user_id, a.app_version FROM activations a JOIN licenses l ON l.id = a.license_id)",
                column: "app_version",
                link: "user_id",
                own: "id",
                indexed: true,
            },
        },
    ],
    pairs: &[],
};

pub(crate) const PRODUCTS: Resource = Resource {
    table: "products",
    select: "r.licenses, r.document",
    fields: &[
        CREATED,
        column("name", Text, "name"),
        entry("metadata.key", Text, "product_metadata", "key"),
        entry("metadata.value", Exact, "product_metadata", "value"),
    ],
    ..SMALL
};

pub(crate) const TEMPLATES: Resource = Resource {
    table: "templates",
    fields: &[CREATED, column("name", Text, "name")],
    ..SMALL
};

pub(crate) const TAGS: Resource = Resource {
    table: "tags",
    fields: &[
        CREATED,
        indexed("name", Text, "name", "sqlite_autoindex_tags_2"),
    ],
    ..SMALL
};

pub(crate) const ACCESS_TOKENS: Resource = Resource {
    table: "access_tokens",
    select: "r.last_used_at, r.document",
    fields: &[CREATED, column("name", Text, "name")],
    ..SMALL
};

/// Roles are no rows: of their list, only the paging is asked for here.
pub(crate) const ROLES: Resource = Resource {
    table: "roles",
    fields: &[],
    ..SMALL
};

pub(crate) const EVENT_LOGS: Resource = Resource {
    table: "event_logs",
    select: "r.id, r.created_at, r.request_id, r.actor, r.address, r.action, r.resource, r.resource_id, r.changes",
    fields: &[
        CREATED,
        indexed("id", Id, "id", "sqlite_autoindex_event_logs_1"),
        indexed("resourceId", Id, "resource_id", "event_logs_by_resource"),
        indexed("action", Text, "action", "event_logs_by_action"),
        column("resource", Text, "resource"),
        column("actor", Text, "actor"),
        column("requestId", Id, "request_id"),
        column("ipAddress", Text, "address"),
    ],
    text: "lower(r.action || char(10) || r.resource_id || char(10) || r.actor || char(10) || coalesce(r.address, ''))",
    ..SMALL
};

pub(crate) const ACTIVATION_LOGS: Resource = Resource {
    table: "activation_logs",
    select: "r.id, r.created_at, r.action, r.document",
    fields: &[
        CREATED,
        indexed("licenseId", Id, "license_id", "activation_logs_by_license"),
        indexed("productId", Id, "product_id", "activation_logs_by_product"),
        indexed("action", Exact, "action", "activation_logs_by_action"),
    ],
    text: "lower(r.action || char(10) || (r.document ->> '$.hostname') || char(10) || r.license_id)",
    ..SMALL
};

/// What small tables have in common: `query` walks them.
const SMALL: Resource = Resource {
    table: "",
    select: "r.document",
    search: None,
    text: "r.search",
    fragments: &[],
    fields: &[CREATED],
    pairs: &[],
};
