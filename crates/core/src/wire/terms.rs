//! The terms on the wire: fields that requests about licenses and about templates share.

use crate::terms::{LicenseType, Terms};

/// Declares the shape of a request: its own fields and those of the terms. They are one struct, since the names of a
/// flattened one could not be matched in any case.
macro_rules! with_terms {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$own:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            $($(#[$own])* pub $field: $type,)*
            #[serde(rename = "type")]
            pub license_type: Option<crate::terms::LicenseType>,
            pub validity: Option<crate::time::Seconds>,
            pub expiration_strategy: Option<crate::terms::ExpirationStrategy>,
            pub subscription_interval: Option<crate::interval::Interval>,
            pub subscription_start_trigger: Option<crate::terms::StartTrigger>,
            pub fingerprint_matching_strategy: Option<crate::terms::FingerprintMatching>,
            pub allowed_activations: Option<i64>,
            pub allowed_deactivations: Option<i64>,
            pub allowed_floating_clients: Option<i64>,
            pub lease_duration: Option<crate::time::Seconds>,
            pub allow_client_lease_duration: Option<bool>,
            pub leasing_strategy: Option<crate::terms::LeasingStrategy>,
            pub server_sync_interval: Option<crate::time::Seconds>,
            pub server_sync_grace_period: Option<crate::time::Seconds>,
            pub allowed_clock_offset: Option<crate::time::Seconds>,
            pub disable_clock_validation: Option<bool>,
            pub expiring_soon_event_offset: Option<crate::time::Seconds>,
            pub allow_vm_activation: Option<bool>,
            pub allow_container_activation: Option<bool>,
            pub user_locked: Option<bool>,
            pub require_authentication: Option<bool>,
            pub disable_geo_location: Option<bool>,
            #[serde(deserialize_with = "crate::json::text")]
            pub notes: Option<String>,
            #[serde(deserialize_with = "crate::json::text")]
            pub allowed_ip_range: Option<String>,
            pub allowed_ip_ranges: Option<Vec<String>>,
            pub allowed_ip_addresses: Option<Vec<String>>,
            pub disallowed_ip_addresses: Option<Vec<String>>,
            pub allowed_countries: Option<Vec<String>>,
            pub disallowed_countries: Option<Vec<String>>,
            pub tags: Option<Vec<String>>,
        }

        impl $name {
            /// Lays the fields over `terms` that may change at any time; absent leaves, and an empty text empties.
            pub fn lay_over(&self, terms: &mut crate::terms::Terms) {
                $crate::wire::terms::lay! { self, terms,
                    subscription_start_trigger fingerprint_matching_strategy
                    allowed_activations allowed_deactivations allowed_floating_clients
                    lease_duration allow_client_lease_duration
                    server_sync_interval server_sync_grace_period allowed_clock_offset disable_clock_validation
                    expiring_soon_event_offset allow_vm_activation allow_container_activation
                    require_authentication disable_geo_location
                    allowed_ip_ranges allowed_ip_addresses disallowed_ip_addresses
                    allowed_countries disallowed_countries tags
                }
                if let Some(interval) = &self.subscription_interval {
                    terms.subscription_interval = Some(interval.clone());
                }
                $crate::wire::terms::lay_optional(&mut terms.notes, self.notes.as_ref());
                $crate::wire::terms::lay_optional(&mut terms.allowed_ip_range, self.allowed_ip_range.as_ref());
            }

            /// Lays the fields over `terms` that a license has for good.
            pub fn lay_over_fixed(&self, terms: &mut crate::terms::Terms) {
                $crate::wire::terms::lay! { self, terms,
                    license_type validity expiration_strategy leasing_strategy user_locked
                }
            }
        }
    };
}

macro_rules! lay {
    ($input:expr, $terms:expr, $($field:ident)*) => {$(
        if let Some(value) = &$input.$field {
            $terms.$field = value.clone();
        }
    )*};
}

pub(super) use {lay, with_terms};

/// Lays a text over one that may be absent: absent leaves it, and an empty one takes it away.
pub(super) fn lay_optional(text: &mut Option<String>, given: Option<&String>) {
    if let Some(given) = given {
        *text = Some(given.clone()).filter(|text| !text.is_empty());
    }
}

/// Puts what a type of license never has out of its terms, where a request has not said it.
pub(super) fn settle_type(terms: &mut Terms) {
    if terms.license_type == LicenseType::OnPremiseFloating {
        terms.allow_container_activation = false;
    }
}
