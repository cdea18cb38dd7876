//! What each call takes, gives and refuses: the table beside the route table. A new call is a new line here; the compiler
//! asks for it.
//!
//! Codes that every call of a kind may answer are in `refusals`; a line names those of its call alone.

use licentia_api::Operation;
use licentia_core::Code;
use licentia_core::wire::{
    AccessTokenInput, AccessTokenView, AccountStatsView, ActivationAnswer, ActivationLogView,
    ActivationRequest, ActivationView, ClaimsView, DeactivationRequest, EventLogView,
    ExpiresAtInput, ImportCounts, ImportPartView, ImportView, KeyInput, LicenseCheckInput,
    LicenseCheckView, LicenseExtension, LicenseInput, LicenseStatsView, LicenseView,
    MeterIncrement, MeterIncrementAnswer, OfflineActivationAnswer, OfflineActivationInput,
    OfflineDeactivationInput, ProductInput, ProductView, RoleView, TagInput, TagView,
    TemplateInput, TemplateView, UserInput, UserView,
};

use crate::call::{
    Call, Parameter, STATUS_LIST, exports, gives, gives_lines, gives_nothing, gives_text, lists,
    lists_all, takes, takes_lines,
};
use crate::own::{News, ProductFile, ProductKeys, PublishedLicense, Rebuilt, Rewrapped, Status};

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
    Code::MeterAttributeNotFound,
    Code::InvalidLicenseKey,
    Code::InvalidProductId,
];
/// What activating a machine that has no connection refuses, in that order.
const OF_OFFLINE_MACHINES: &[Code] = &[
    Code::InvalidOfflineRequest,
    Code::LicenseKeyMismatch,
    Code::InvalidProductId,
    Code::RevokedLicense,
    Code::InvalidLicenseType,
    Code::LicenseNotEffective,
    Code::VmActivationNotAllowed,
    Code::ContainerActivationNotAllowed,
    Code::ActivationLimitReached,
    Code::MeterAttributeUsesLimitReached,
];
/// What is said of an activation that is not there.
const OF_ABSENT_ACTIVATIONS: &[Code] = &[Code::ActivationNotFound, Code::ActivationUnknown];
/// What is said of an activation that is another than the request says.
const OF_OTHER_ACTIVATIONS: &[Code] = &[
    Code::InvalidActivationFingerprint,
    Code::LicenseKeyMismatch,
    Code::ProductMismatch,
];

/// What `DELETE /v3/activations` deletes.
const OF_NEWS: &[Parameter] = &[
    Parameter::optional(
        "version",
        "The version of the license that the application knows: the claim `ver` of its token.",
        "int64",
    ),
    Parameter::optional(
        "wait",
        "How many seconds to hold the request while there are no news, at most 25. Not looked at where a socket is asked for.",
        "int32",
    ),
];

const OF_BULK_DELETION: &[Parameter] = &[
    Parameter::required("licenseId", "The license.", "uuid"),
    Parameter::optional("createdAt[gte]", "The first date of creation.", "date-time"),
    Parameter::optional("createdAt[lte]", "The last date of creation.", "date-time"),
    Parameter::optional(
        "all",
        "In place of dates: `true` deletes all of them.",
        "boolean",
    ),
];

/// What is said of lines that are imported, and are here already.
const OF_LINES: &[Code] = &[
    Code::ActivationExists,
    Code::LicenseExists,
    Code::LicenseKeyExists,
    Code::ProductExists,
    Code::TagExists,
    Code::TemplateExists,
    Code::TokenExists,
    Code::UserExists,
];
const PASSPHRASE: Parameter = Parameter::header(
    "Licentia-Passphrase",
    "What signing keys are encrypted to, where some are among the lines.",
);
const CURSOR: Parameter = Parameter::optional(
    "cursor",
    "Where to go on: what the answer before has given.",
    "cursor",
);
const FRESH: Parameter = Parameter::optional(
    "fresh",
    "`1` or `true`: passes over what is published, and asks the ledger.",
    "boolean",
);
const OF_EXPORT: &[Parameter] = &[
    Parameter::optional(
        "keys",
        "Whether signing keys are among the lines: with the root token alone.",
        "boolean",
    ),
    Parameter::optional("logs", "Whether the logs are among the lines.", "boolean"),
    PASSPHRASE,
];

/// Looks a call up: one `match`, so that none is forgotten.
pub(crate) fn call(operation: Operation) -> Call {
    use Operation as O;
    match operation {
        O::GetStatus => gives::<Status>(200),

        O::ListProducts => lists::<ProductView<'_>>(),
        O::CreateProduct => {
            published(takes::<ProductInput>(&["name"]).gives::<ProductView<'_>>(201))
        }
        O::ReadProduct => gives::<ProductView<'_>>(200)
            .versioned()
            .refuses(&[Code::ProductNotFound]),
        O::UpdateProduct => published(takes::<ProductInput>(&[]).gives::<ProductView<'_>>(200))
            .conditional()
            .refuses(&[Code::ProductNotFound, Code::ImmutableField]),
        O::DeleteProduct => gives_nothing(204)
            .publishes()
            .refuses(&[Code::ProductNotFound, Code::ProductInUse]),
        O::DeleteProductMetadata => gives_nothing(204)
            .publishes()
            .refuses(&[Code::MetadataNotFound]),
        O::ReadProductFile => gives::<ProductFile>(200)
            .versioned()
            .downloads()
            .refuses(&[Code::ProductNotFound]),
        O::CreateProductKey => published(
            takes::<KeyInput>(&[])
                .optionally()
                .gives::<ProductKeys>(201),
        )
        .conditional()
        .refuses(&[Code::ProductNotFound, Code::KeyLimitReached]),
        O::PromoteProductKey => published(gives::<ProductKeys>(200))
            .conditional()
            .refuses(&[Code::ProductNotFound, Code::KeyNotFound]),
        O::DeleteProductKey => gives_nothing(204).publishes().refuses(&[
            Code::ProductNotFound,
            Code::KeyNotFound,
            Code::KeyInUse,
        ]),
        O::ReadProductKeys => gives::<ProductKeys>(200).refuses(&[Code::ProductNotFound]),

        O::ListLicenseTemplates => lists::<TemplateView<'_>>(),
        O::CreateLicenseTemplate => takes::<TemplateInput>(&["name"])
            .gives::<TemplateView<'_>>(201)
            .versioned(),
        O::ReadLicenseTemplate => gives::<TemplateView<'_>>(200)
            .versioned()
            .refuses(&[Code::TemplateNotFound]),
        O::UpdateLicenseTemplate => takes::<TemplateInput>(&[])
            .gives::<TemplateView<'_>>(200)
            .versioned()
            .conditional()
            .refuses(&[Code::TemplateNotFound, Code::ImmutableField]),
        O::DeleteLicenseTemplate => {
            gives_nothing(204).refuses(&[Code::TemplateNotFound, Code::TemplateInUse])
        }

        O::ListLicenses => lists::<LicenseView<'_>>(),
        O::ExportLicenses => exports(),
        O::CreateLicense => published(
            takes::<LicenseInput>(&["productId"]).gives::<LicenseView<'_>>(201),
        )
        .refuses(&[
            Code::LicenseKeyExists,
            Code::RequiredMetadataMissing,
            Code::RequiredMeterAttributeMissing,
        ]),
        O::CheckLicense => {
            published(takes::<LicenseCheckInput>(&[]).gives::<LicenseCheckView<'_>>(200))
                .asks(&[FRESH])
                .refuses(&[
                    Code::LicenseUnknown,
                    Code::InvalidLicenseKey,
                    Code::InvalidActivationFingerprint,
                ])
        }
        O::ReadPublishedLicense => {
            published(gives::<PublishedLicense>(200)).refuses(&[Code::LicenseNotFound])
        }
        O::ReadLicense => {
            published(gives::<LicenseView<'_>>(200)).refuses(&[Code::LicenseNotFound])
        }
        O::UpdateLicense => changes_license(takes::<LicenseInput>(&[])).refuses(&[
            Code::LicenseKeyExists,
            Code::ImmutableField,
            Code::RequiredMetadataMissing,
            Code::RequiredMeterAttributeMissing,
        ]),
        O::DeleteLicense => gives_nothing(204)
            .publishes()
            .conditional()
            .refuses(&[Code::LicenseNotFound]),
        O::RenewLicense => changes_license(Call::NOTHING).refuses(&[Code::LicenseNotRenewable]),
        O::ExtendLicense => {
            changes_license(takes::<LicenseExtension>(&[])).refuses(&[Code::LicenseNotRenewable])
        }
        O::UpdateExpiresAtLicense => {
            changes_license(takes::<ExpiresAtInput>(&[])).refuses(&[Code::LicenseNotRenewable])
        }
        O::DeleteMetadataLicense => gives_nothing(204)
            .publishes()
            .conditional()
            .refuses(&[Code::MetadataNotFound, Code::RequiredMetadataMissing]),
        O::DeleteMeterAttributeLicense => gives_nothing(204).publishes().conditional().refuses(&[
            Code::MeterAttributeNotFound,
            Code::RequiredMeterAttributeMissing,
        ]),
        O::ResetMeterAttributeLicense => published(gives::<LicenseView<'_>>(200))
            .conditional()
            .refuses(&[Code::MeterAttributeNotFound]),

        O::ListActivations => lists::<ActivationView<'_>>(),
        O::CreateActivation => takes::<ActivationRequest>(&[])
            .gives::<ActivationAnswer<'_>>(200)
            .gives::<ActivationAnswer<'_>>(201)
            .publishes()
            .refuses(OF_MACHINES)
            .refuses(&[Code::ActivationLimitReached]),
        O::ExportActivations | O::ExportActivationLogs | O::ExportUsers => exports(),
        O::ReadActivation => gives::<ActivationView<'_>>(200).refuses(OF_ABSENT_ACTIVATIONS),
        O::SyncActivation => takes::<ActivationRequest>(&[])
            .gives::<ActivationAnswer<'_>>(200)
            .refuses(OF_MACHINES)
            .refuses(OF_ABSENT_ACTIVATIONS)
            .refuses(OF_OTHER_ACTIVATIONS)
            .refuses(&[Code::ActivationLimitReached]),
        O::FollowActivation => gives::<News>(200)
            .gives_nothing(101)
            .gives_nothing(204)
            .asks(OF_NEWS)
            .versioned()
            .refuses(OF_ABSENT_ACTIVATIONS)
            .refuses(&[Code::InvalidField, Code::TooManyConnections]),
        O::DeleteActivation => gives_nothing(204)
            .refuses(OF_ABSENT_ACTIVATIONS)
            .refuses(&[Code::DeactivationLimitReached]),
        O::DeactivateActivation => takes::<DeactivationRequest>(&[])
            .gives_nothing(204)
            .refuses(OF_ABSENT_ACTIVATIONS)
            .refuses(OF_OTHER_ACTIVATIONS)
            .refuses(&[Code::DeactivationLimitReached]),
        O::BulkDeleteActivation => gives_nothing(204)
            .asks(OF_BULK_DELETION)
            .refuses(&[Code::InvalidField]),
        O::ActivateOffline => takes::<OfflineActivationInput>(&[])
            .gives::<OfflineActivationAnswer<'_>>(200)
            .publishes()
            .refuses(OF_OFFLINE_MACHINES),
        O::DeactivateOffline => takes::<OfflineDeactivationInput>(&[])
            .gives_nothing(200)
            .refuses(&[
                Code::InvalidOfflineRequest,
                Code::LicenseKeyMismatch,
                Code::ActivationUnknown,
                Code::DeactivationLimitReached,
            ]),
        O::IncrementMeterAttribute => takes::<MeterIncrement>(&[])
            .gives::<MeterIncrementAnswer<'_>>(200)
            .refuses(OF_ABSENT_ACTIVATIONS)
            .refuses(&[
                Code::MeterAttributeNotFound,
                Code::MeterAttributeUsesLimitReached,
                Code::RevokedLicense,
            ]),

        O::ListActivationLogs => lists::<ActivationLogView<'_>>(),
        O::ReadActivationLog => {
            gives::<ActivationLogView<'_>>(200).refuses(&[Code::ActivationLogNotFound])
        }

        O::ReadStatusList => gives_text(STATUS_LIST)
            .versioned()
            .refuses(&[Code::StatusListNotFound]),

        O::ReadLicenseStats => gives::<LicenseStatsView>(200),
        O::ReadAccountStats => gives::<AccountStatsView>(200),

        O::ListUsers => lists::<UserView<'_>>(),
        O::CreateUser => takes::<UserInput>(&["email"])
            .gives::<UserView<'_>>(201)
            .versioned()
            .refuses(&[Code::UserExists]),
        O::ReadUser => gives::<UserView<'_>>(200)
            .versioned()
            .refuses(&[Code::UserNotFound]),
        O::UpdateUser => takes::<UserInput>(&[])
            .gives::<UserView<'_>>(200)
            .versioned()
            .conditional()
            .refuses(&[Code::UserNotFound, Code::UserExists, Code::ImmutableField]),
        O::DeleteUser => gives_nothing(204)
            .conditional()
            .refuses(&[Code::UserNotFound, Code::UserInUse]),
        O::DeleteUserMetadata => gives_nothing(204)
            .conditional()
            .refuses(&[Code::MetadataNotFound]),

        O::ListTags => lists::<TagView<'_>>(),
        O::CreateTag => takes::<TagInput>(&["name"])
            .gives::<TagView<'_>>(201)
            .versioned()
            .refuses(&[Code::TagExists]),
        O::ReadTag => gives::<TagView<'_>>(200)
            .versioned()
            .refuses(&[Code::TagNotFound]),
        O::UpdateTag => takes::<TagInput>(&[])
            .gives::<TagView<'_>>(200)
            .versioned()
            .conditional()
            .refuses(&[Code::TagNotFound, Code::TagExists, Code::ImmutableField]),
        O::DeleteTag => gives_nothing(204)
            .conditional()
            .refuses(&[Code::TagNotFound]),

        O::ListPersonalAccessTokens => lists::<AccessTokenView<'_>>(),
        O::CreatePersonalAccessToken => takes::<AccessTokenInput>(&["name", "scopes"])
            .gives::<AccessTokenView<'_>>(201)
            .versioned(),
        O::ReadPersonalAccessToken => gives::<AccessTokenView<'_>>(200)
            .versioned()
            .refuses(&[Code::TokenNotFound]),
        O::UpdatePersonalAccessToken => takes::<AccessTokenInput>(&[])
            .gives::<AccessTokenView<'_>>(200)
            .versioned()
            .conditional()
            .refuses(&[Code::TokenNotFound, Code::ImmutableField]),
        O::DeletePersonalAccessToken => gives_nothing(204)
            .conditional()
            .refuses(&[Code::TokenNotFound]),

        O::ListRoles => lists::<RoleView>(),
        O::ListRoleClaims => gives::<ClaimsView>(200),
        O::ReadRole => gives::<RoleView>(200).refuses(&[Code::RoleNotFound]),

        O::ListEventLogs => lists::<EventLogView<'_>>(),
        O::ReadEventLog => gives::<EventLogView<'_>>(200).refuses(&[Code::EventLogNotFound]),

        O::Import => takes_lines()
            .gives::<ImportCounts>(200)
            .publishes()
            .asks(&[PASSPHRASE])
            .refuses(OF_LINES),
        O::CreateImport => gives::<ImportView<'_>>(201).refuses(&[Code::ImportState]),
        O::ListImports => lists_all::<ImportView<'_>>(),
        O::ReadImport => gives::<ImportView<'_>>(200).refuses(&[Code::ImportNotFound]),
        O::DeleteImport => gives_nothing(204).refuses(&[Code::ImportNotFound, Code::ImportState]),
        O::PutImportPart => takes_lines()
            .gives::<ImportPartView<'_>>(200)
            .asks(&[PASSPHRASE])
            .refuses(OF_LINES)
            .refuses(&[Code::ImportNotFound, Code::ImportState]),
        O::StartImport => gives::<ImportView<'_>>(202)
            .publishes()
            .refuses(OF_LINES)
            .refuses(&[
                Code::ImportNotFound,
                Code::ImportState,
                Code::InvalidField,
                Code::InvalidJson,
                Code::UnsupportedField,
            ]),
        O::Rebuild => gives::<Rebuilt>(200)
            .publishes()
            .asks(&[CURSOR])
            .refuses(&[Code::LicenseExists]),
        O::Rewrap => gives::<Rewrapped>(200)
            .publishes()
            .asks(&[CURSOR])
            .refuses(&[Code::InvalidField]),
        O::Export => gives_lines().asks(OF_EXPORT).refuses(&[Code::InvalidField]),
    }
}

/// A call whose answer has a version, and is published under it.
fn published(call: Call) -> Call {
    call.versioned().publishes()
}

/// A call that changes a license and answers with what it is then.
fn changes_license(call: Call) -> Call {
    published(call.gives::<LicenseView<'_>>(200))
        .conditional()
        .refuses(&[Code::LicenseNotFound])
}
