//! JSON Schemas of the types that write themselves as a text or a number, for the description of the API.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::id::{
    ActivationId, ActivationLogId, EventLogId, ImportId, LicenseId, MetadataId, MeterId, ProductId,
    RoleId, TagId, TemplateId, TokenId, UserId,
};
use crate::interval::Interval;
use crate::time::{Seconds, Timestamp};

/// Each is written out where it is used: a reader of the description learns nothing from another name for a text.
macro_rules! schemas {
    ($($($type:ident)* => $schema:tt;)*) => {$($(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*)*};
}

schemas! {
    ActivationId ActivationLogId EventLogId ImportId LicenseId MetadataId MeterId ProductId RoleId TagId TemplateId TokenId UserId => {
        "type": "string",
        "format": "uuid"
    };
    Timestamp => {
        "type": "string",
        "format": "date-time"
    };
    Seconds => {
        "type": "integer",
        "format": "int64",
        "description": "Seconds."
    };
    Interval => {
        "type": "string",
        "format": "duration",
        "description": "An ISO 8601 duration of whole numbers, longer than zero."
    };
}
