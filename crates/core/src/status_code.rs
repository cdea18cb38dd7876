//! Status codes: every number that a client's verdict can have, its name, and what it means to a person.
//!
//! Numbers and names are those of the compatible client library; codes between them are unused there and here.

macro_rules! status_codes {
    ($($number:literal $name:ident $meaning:literal)*) => {
        /// A client's verdict.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct StatusCode(u8);

        impl StatusCode {
            $(
                #[doc = $meaning]
                pub const $name: Self = Self($number);
            )*

            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self($number)),*];

            /// Returns the code with this number, if there is one.
            #[must_use]
            pub fn from_number(number: u8) -> Option<Self> {
                Some(Self(number)).filter(|code| Self::ALL.contains(code))
            }

            /// Returns the name, such as `LA_E_REVOKED`.
            #[must_use]
            pub fn name(self) -> &'static str {
                self.line_of(concat!($("LA_", stringify!($name), "\n"),*))
            }

            /// Returns a sentence that the user of an application understands.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                self.line_of(concat!($($meaning, "\n"),*))
            }

            /// Returns this code's line of a text that has one for each: in WebAssembly, a table of texts is larger by half.
            fn line_of(self, lines: &'static str) -> &'static str {
                let place = Self::ALL.iter().position(|code| *code == self);
                place.and_then(|place| lines.split('\n').nth(place)).unwrap_or_default()
            }
        }
    };
}

status_codes! {
    0 OK "The license is valid."
    1 FAIL "This device is not activated."
    20 EXPIRED "The license has expired."
    21 SUSPENDED "The license is suspended."
    22 GRACE_PERIOD_OVER "The license server could not be reached for too long. Connect to the internet to go on."
    25 TRIAL_EXPIRED "The trial is over."
    26 LOCAL_TRIAL_EXPIRED "The trial on this device is over."
    30 RELEASE_UPDATE_AVAILABLE "A newer release is available."
    31 RELEASE_UPDATE_NOT_AVAILABLE "This is the latest release."
    32 RELEASE_UPDATE_AVAILABLE_NOT_ALLOWED "A newer release is available, but the license does not cover it."
    40 E_FILE_PATH "The file path is wrong."
    41 E_PRODUCT_FILE "The product file is not valid."
    42 E_PRODUCT_DATA "The product data are not valid."
    43 E_PRODUCT_ID "The product id is missing or is not the license's."
    44 E_SYSTEM_PERMISSION "Administrator rights are needed."
    45 E_FILE_PERMISSION "The license data cannot be written on this device."
    46 E_WMIC "This device could not be identified, because Windows Management Instrumentation is disabled."
    47 E_TIME "The clock of this device is behind the license server's. Correct its date and time."
    48 E_INET "The license server could not be reached."
    49 E_NET_PROXY "The network proxy's address is wrong."
    50 E_HOST_URL "The license server's address is wrong."
    51 E_BUFFER_SIZE "The buffer is too small."
    52 E_APP_VERSION_LENGTH "The application's version is longer than 256 characters."
    53 E_REVOKED "The license has been revoked."
    54 E_LICENSE_KEY "The license key is not valid."
    55 E_LICENSE_TYPE "The license is of a type that cannot be activated here."
    56 E_OFFLINE_RESPONSE_FILE "The offline activation file is not valid."
    57 E_OFFLINE_RESPONSE_FILE_EXPIRED "The offline activation file is no longer valid."
    58 E_ACTIVATION_LIMIT "The license is active on as many devices as it allows."
    59 E_ACTIVATION_NOT_FOUND "The license server does not know this device's activation."
    60 E_DEACTIVATION_LIMIT "The license has been deactivated as often as it allows."
    61 E_TRIAL_NOT_ALLOWED "The product has no trial."
    62 E_TRIAL_ACTIVATION_LIMIT "No more trials can be started for now."
    63 E_MACHINE_FINGERPRINT "The license was activated on another device."
    64 E_METADATA_KEY_LENGTH "The metadata key is longer than 256 characters."
    65 E_METADATA_VALUE_LENGTH "The metadata value is longer than 4096 characters."
    66 E_ACTIVATION_METADATA_LIMIT "The activation has too many metadata fields."
    67 E_TRIAL_ACTIVATION_METADATA_LIMIT "The trial has too many metadata fields."
    68 E_METADATA_KEY_NOT_FOUND "There is no metadata field with this key."
    69 E_TIME_MODIFIED "The clock of this device has been set back. Correct its date and time."
    70 E_RELEASE_VERSION_FORMAT "The release version has the wrong form."
    71 E_AUTHENTICATION_FAILED "The email address or the password is wrong."
    72 E_METER_ATTRIBUTE_NOT_FOUND "The license has no meter attribute with this name."
    73 E_METER_ATTRIBUTE_USES_LIMIT_REACHED "The license's allowance is used up."
    74 E_CUSTOM_FINGERPRINT_LENGTH "The custom fingerprint has not 64 to 256 characters."
    75 E_PRODUCT_VERSION_NOT_LINKED "The license has no product version."
    76 E_FEATURE_FLAG_NOT_FOUND "There is no feature flag with this name."
    77 E_RELEASE_VERSION_NOT_ALLOWED "The license does not cover this version of the application."
    78 E_RELEASE_PLATFORM_LENGTH "The release platform is longer than 256 characters."
    79 E_RELEASE_CHANNEL_LENGTH "The release channel is longer than 256 characters."
    80 E_VM "The license does not allow virtual machines."
    81 E_COUNTRY "The license may not be used in this country."
    82 E_IP "The license may not be used from this network address."
    83 E_CONTAINER "The license does not allow containers."
    84 E_RELEASE_VERSION "The release version is missing or is not valid."
    85 E_RELEASE_PLATFORM "The release platform is missing."
    86 E_RELEASE_CHANNEL "The release channel is missing."
    87 E_USER_NOT_AUTHENTICATED "Sign in first."
    88 E_TWO_FACTOR_AUTHENTICATION_CODE_MISSING "The code for two-factor sign-in is needed."
    89 E_TWO_FACTOR_AUTHENTICATION_CODE_INVALID "The code for two-factor sign-in is wrong."
    90 E_RATE_LIMIT "The license server is being asked too often. It will be tried again later."
    91 E_SERVER "The license server has a problem. It will be tried again later."
    92 E_CLIENT "The license server did not accept the request."
    93 E_ACCOUNT_ID "The account id is not valid."
    100 E_LOGIN_TEMPORARILY_LOCKED "Signing in is locked for some minutes after too many attempts."
    101 E_AUTHENTICATION_ID_TOKEN_INVALID "The sign-in token is not valid."
    102 E_OIDC_SSO_NOT_ENABLED "Single sign-on is not enabled."
    103 E_USERS_LIMIT_REACHED "The account has as many users as it allows."
    104 E_OS_USER "The license was activated by another user of this device."
    105 E_INVALID_PERMISSION_FLAG "The permission flag is not valid."
    106 E_FREE_PLAN_ACTIVATION_LIMIT_REACHED "The vendor's free plan allows no more activations."
    107 E_FEATURE_ENTITLEMENTS_INVALID "The license's features could not be read."
    108 E_FEATURE_ENTITLEMENT_NOT_FOUND "The license has no feature with this name."
    109 E_ENTITLEMENT_SET_NOT_LINKED "The license has no set of features."
    110 E_LICENSE_NOT_EFFECTIVE "The license is not valid yet."
    111 E_DEVICE_NOT_FOUND "The license server does not know this device."
    112 E_DEVICE_VALIDATION_FAILED "This device could not be validated."
    113 E_FINGERPRINT_VALIDATION_GRACE_PERIOD_OVER "This device must be identified again. Connect to the internet and restart."
    114 E_ACTIVATION_CLONE_DETECTED "The activation was copied to another device."
}

impl StatusCode {
    /// Returns the number.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// Returns whether an activation with this verdict stands, even if it lets nothing run: it keeps syncing and may heal.
    #[must_use]
    pub fn is_standing(self) -> bool {
        matches!(
            self,
            Self::OK | Self::EXPIRED | Self::SUSPENDED | Self::GRACE_PERIOD_OVER
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete() {
        assert_eq!(StatusCode::ALL.len(), 79);
        assert!(StatusCode::ALL.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn every_code_has_its_number_name_and_meaning() {
        for &code in StatusCode::ALL {
            assert_eq!(StatusCode::from_number(code.number()), Some(code));
            assert!(code.name().starts_with("LA_"), "{code:?}");
            assert!(code.meaning().ends_with('.'), "{code:?}");
        }
    }

    #[test]
    fn unused_numbers_are_no_codes() {
        for number in [2, 19, 23, 24, 27, 29, 33, 39, 94, 99, 115, 255] {
            assert_eq!(StatusCode::from_number(number), None, "{number}");
        }
    }
}
