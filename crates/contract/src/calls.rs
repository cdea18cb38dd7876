//! What each call takes, gives and refuses: the table beside the route table. A new call is a new line here; the compiler asks for it.
//!
//! Codes that every call of a kind may answer are in `refusals`; a line names those of its call alone.

use licentia_api::Operation;
use licentia_core::Code;
use licentia_core::wire::{
    ActivationAnswer, ActivationRequest, ActivationView, DeactivationRequest, LicenseInput,
    LicenseView, ProductInput, ProductView,
};

use crate::call::{Call, gives, gives_nothing, lists, takes, takes_text};
use crate::own::{CheckRequest, ImportAnswer, ProductKeys, PublishedLicense, Statement, Status};

/// What activating and syncing refuse alike: in the order in which a license is looked at.
const OF_MACHINES: &[Code] = &[
    Code::RevokedLicense,
    Code::InvalidLicenseType,
    Code::LicenseNotEffective,
    Code::CountryNotAllowed,
    Code::IpAddressNotAllowed,
    Code::VmActivationNotAllowed,
    Code::ContainerActivationNotAllowed,
    Code::MeterAttributeUsesLimitReached,
    Code::InvalidLicenseKey,
    Code::InvalidProductId,
];

/// What an application must send of itself and of its machine.
const OF_APPLICATIONS: &[&str] = &[];

pub(crate) fn call(operation: Operation) -> Call {
    match operation {
        Operation::GetStatus => gives::<Status>(200),

        Operation::ListProducts => lists::<ProductView<'_>>(),
        Operation::CreateProduct => takes::<ProductInput>(&["name"])
            .gives::<ProductView<'_>>(201)
            .versioned()
            .publishes(),
        Operation::ReadProduct => gives::<ProductView<'_>>(200)
            .refuses(&[Code::ProductNotFound])
            .versioned(),
        Operation::ReadProductKeys => gives::<ProductKeys>(200).refuses(&[Code::ProductNotFound]),

        Operation::ListLicenses => lists::<LicenseView<'_>>(),
        Operation::CreateLicense => takes::<LicenseInput>(&["productId"])
            .gives::<LicenseView<'_>>(201)
            .refuses(&[Code::LicenseKeyExists])
            .versioned()
            .publishes(),
        Operation::CheckLicense => takes::<CheckRequest>(&[])
            .gives::<Statement>(200)
            .refuses(&[Code::LicenseUnknown])
            .versioned()
            .publishes(),
        Operation::ReadPublishedLicense => gives::<PublishedLicense>(200)
            .refuses(&[Code::LicenseNotFound])
            .versioned()
            .publishes(),
        Operation::ReadLicense => gives::<LicenseView<'_>>(200)
            .refuses(&[Code::LicenseNotFound])
            .versioned()
            .publishes(),
        Operation::UpdateLicense => takes::<LicenseInput>(&[])
            .gives::<LicenseView<'_>>(200)
            .refuses(&[
                Code::LicenseNotFound,
                Code::LicenseKeyExists,
                Code::ImmutableField,
            ])
            .versioned()
            .publishes(),
        Operation::DeleteLicense => gives_nothing(204)
            .refuses(&[Code::LicenseNotFound])
            .publishes(),

        Operation::ListActivations => lists::<ActivationView<'_>>(),
        Operation::CreateActivation => takes::<ActivationRequest>(OF_APPLICATIONS)
            .gives::<ActivationAnswer<'_>>(200)
            .gives::<ActivationAnswer<'_>>(201)
            .refuses(OF_MACHINES)
            .refuses(&[Code::ActivationLimitReached])
            .publishes(),
        Operation::ReadActivation => gives::<ActivationView<'_>>(200)
            .refuses(&[Code::ActivationNotFound, Code::ActivationUnknown]),
        Operation::SyncActivation => takes::<ActivationRequest>(OF_APPLICATIONS)
            .gives::<ActivationAnswer<'_>>(200)
            .refuses(OF_MACHINES)
            .refuses(&[
                Code::ActivationNotFound,
                Code::ActivationUnknown,
                Code::ActivationLimitReached,
                Code::InvalidActivationFingerprint,
                Code::LicenseKeyMismatch,
                Code::ProductMismatch,
            ]),
        Operation::DeleteActivation => gives_nothing(204).refuses(&[
            Code::ActivationNotFound,
            Code::ActivationUnknown,
            Code::DeactivationLimitReached,
        ]),
        Operation::DeactivateActivation => takes::<DeactivationRequest>(&[])
            .gives_nothing(204)
            .refuses(&[
                Code::ActivationNotFound,
                Code::ActivationUnknown,
                Code::DeactivationLimitReached,
                Code::InvalidActivationFingerprint,
                Code::LicenseKeyMismatch,
                Code::ProductMismatch,
            ]),

        Operation::Import => takes_text("application/x-ndjson")
            .gives::<ImportAnswer>(200)
            .refuses(&[
                Code::LicenseExists,
                Code::LicenseKeyExists,
                Code::ProductExists,
            ])
            .publishes(),
    }
}
