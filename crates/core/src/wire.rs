//! The JSON shapes, each once: requests, answers, and what rows and published documents hold.
//!
//! Shapes convert to and from the domain's types; those are not serializable.

mod activation;
mod license;
mod product;
mod stored;

pub use activation::{
    ActivationAnswer, ActivationMetadata, ActivationRequest, ActivationView, DeactivationRequest,
};
pub use license::{LicenseInput, LicenseView, MetadataInput, MetadataView, NullableFields};
pub use product::{ProductInput, ProductView, TokenKeyInput};
pub use stored::{StoredActivation, StoredLicense, StoredProduct};
