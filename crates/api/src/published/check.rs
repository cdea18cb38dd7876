//! `POST /v3/licenses/check`: which license is asked about, and what is said of it, whoever has its document.
//!
//! A token names its product, whose keys verify it; what else it says is believed only then. That an activation has ended is
//! in a license's document where a revocation ended it. Whether it exists is known to the ledger alone.

use licentia_core::wire::{
    ActivationState, CheckSource, LicenseCheckInput, LicenseCheckView, LicenseState,
};
use licentia_core::{
    Code, Facts, KeySet, LicenseId, LicenseKey, ListedStatus, Problem, ProductId, Statement,
    Timestamp, Token, TokenFault, UnverifiedToken, parse,
};

use super::copy::at_most;
use crate::host::Reply;

/// Which license is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) by: By,
    pub(crate) fingerprint: Option<String>,
}

/// By what it is asked about.
#[derive(Clone, Debug)]
pub(crate) enum By {
    Key(LicenseKey),
    /// A token that nobody has verified, of the product that it names.
    Text(String, ProductId),
    Token(Token, LicenseId),
}

/// What is said of a license.
pub(crate) struct Said<'a> {
    /// The signed statement.
    pub(crate) text: &'a str,
    /// What it says.
    pub(crate) statement: &'a Statement,
    /// What a status list says, if it allows less.
    pub(crate) listed: ListedStatus,
    pub(crate) activation: Option<ActivationState>,
    pub(crate) source: CheckSource,
    /// The license was so then, whatever came since.
    pub(crate) as_of: Option<Timestamp>,
}

impl Check {
    /// Reads the request.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Problem> {
        let input: LicenseCheckInput = parse(body)?;
        let by = match (input.key, input.activation_token) {
            (Some(key), None) => {
                let key = key.parse::<LicenseKey>();
                By::Key(key.map_err(|fault| Problem::field("key", fault))?)
            }
            (None, Some(text)) => {
                let product = UnverifiedToken::parse(&text).map(|token| token.product());
                let product = product.map_err(|fault| wrong_token(&fault))?;
                let product = product.ok_or_else(|| wrong_token(&"it names no product"))?;
                By::Text(text, product)
            }
            _ => {
                let reason = "a check names either this or `activationToken`";
                return Err(Problem::field("key", reason));
            }
        };
        let fingerprint = input.fingerprint;
        Ok(Self { by, fingerprint })
    }

    /// Verifies the token that the license is asked about by, and returns whether these are all keys that it needs.
    pub(crate) fn verify(&mut self, keys: &KeySet) -> Result<bool, Problem> {
        let By::Text(text, _) = &self.by else {
            return Ok(true);
        };
        let Some(token) = keys.token(text) else {
            let fault = UnverifiedToken::parse(text).and_then(|token| token.verify(keys));
            return match fault {
                Err(TokenFault::UnknownKey { .. }) | Ok(_) => Ok(false),
                Err(fault) => Err(wrong_token(&fault)),
            };
        };
        let license = token.facts().lid.parse::<LicenseId>();
        let license = license.map_err(|fault| wrong_token(&fault))?;
        let other = |fingerprint: &String| *fingerprint != token.facts().fp;
        if self.fingerprint.as_ref().is_some_and(other) {
            let message = "the activation is of a machine with another fingerprint";
            return Err(Problem::new(Code::InvalidActivationFingerprint, message));
        }
        self.by = By::Token(token, license);
        Ok(true)
    }

    /// Returns what the statement tells of the activation that is asked about.
    pub(crate) fn told_by(&self, statement: &Statement) -> Option<ActivationState> {
        let ended = |facts: &Facts| statement.deleted || facts.epoch < statement.epoch;
        match &self.by {
            By::Token(token, _) if ended(token.facts()) => Some(ActivationState::None),
            By::Key(_) if self.fingerprint.is_none() => None,
            _ => Some(ActivationState::Unknown),
        }
    }
}

impl Said<'_> {
    pub(crate) fn reply(&self, now: Timestamp) -> Reply {
        let status = if self.statement.deleted {
            LicenseState::Deleted
        } else {
            self.statement.standing().status(now).into()
        };
        Reply::json(
            200,
            &LicenseCheckView {
                statement: self.text,
                status: at_most(status, self.listed),
                activation: self.activation,
                source: self.source,
                as_of: self.as_of,
            },
        )
        .versioned(self.statement.ver)
    }
}

pub(crate) fn unknown() -> Problem {
    Problem::new(
        Code::LicenseUnknown,
        "no license that this names was ever known here",
    )
}

pub(crate) fn wrong_token(reason: &dyn std::fmt::Display) -> Problem {
    Problem::field("activationToken", reason)
}
