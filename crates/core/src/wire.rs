//! The JSON shapes, each once: requests, answers, and what rows and published documents hold.
//!
//! Shapes convert to and from the domain's types; those are not serializable.

mod access_token;
mod activation;
mod check;
mod exported;
mod import_job;
mod license;
mod license_view;
mod log;
mod metadata;
mod meter;
mod offline;
mod product;
mod role;
mod stats;
mod stored;
mod stored_account;
mod stored_activation;
mod tag;
mod template;
mod terms;
mod user;

#[cfg(test)]
mod tests;

pub use access_token::{AccessTokenInput, AccessTokenView};
pub use activation::{
    ActivationAnswer, ActivationMetadata, ActivationRequest, ActivationView, DeactivationRequest,
};
pub use check::{ActivationState, CheckSource, LicenseCheckInput, LicenseCheckView, LicenseState};
pub use exported::{
    ExportLine, ExportedActivationLog, ExportedAlgorithm, ExportedDigest, ExportedEvent,
    ExportedTombstone, ExportedTotals, FORM, ImportCounts, ImportLine, ProductKeys, Resource,
    SealedKeys,
};
pub use import_job::{ImportPartView, ImportProblem, ImportStatus, ImportView, StoredImport};
pub use license::{ExpiresAtInput, LicenseExtension, LicenseInput, Merging, NullableFields};
pub use license_view::LicenseView;
pub use log::{ActivationLogView, EventLogView};
pub use metadata::{MetadataInput, MetadataView};
pub use meter::{
    ActivationMeterInput, MeterIncrement, MeterIncrementAnswer, MeterInput, MeterView,
};
pub use offline::{OfflineActivationAnswer, OfflineActivationInput, OfflineDeactivationInput};
pub use product::{KeyInput, NullableProductFields, ProductInput, ProductView, TokenKeyInput};
pub use role::{ClaimsView, RoleView};
pub use stats::{AccountStatsView, LicenseStatsView};
pub use stored::{StoredLicense, StoredMeterTotals, StoredProduct};
pub use stored_account::{StoredAccessToken, StoredTag, StoredTemplate, StoredUser};
pub use stored_activation::StoredActivation;
pub use tag::{NullableTagFields, TagInput, TagView};
pub use template::{NullableTemplateFields, TemplateInput, TemplateView};
pub use user::{NullableUserFields, UserInput, UserView};

use crate::code::{Code, Problem};

/// Refuses the first field that refers to what this server does not have; `named` says of each whether the request does.
fn refuse_named(fields: &[(&str, bool)]) -> Result<(), Problem> {
    match fields.iter().find(|(_, named)| *named) {
        Some((field, _)) => Err(Problem::new(
            Code::UnsupportedField,
            format!("`{field}` refers to something that this server does not have yet"),
        )),
        None => Ok(()),
    }
}

/// Lays a text over another: absent leaves it, and an empty one empties it.
fn lay_text(text: &mut String, given: Option<&String>) {
    if let Some(given) = given {
        text.clone_from(given);
    }
}
