//! What tokens and statements say: the claims of an activation token and of a license's published statement.
//!
//! Names and types of the token's claims are those of the compatible API, which existing clients read; those after `acat`
//! are ours. There is no `exp`: one existing client maps `eat` onto it. Times are whole seconds
//! since 1970, where 0 stands for "never" or "none"; durations are whole seconds.

use serde::{Deserialize, Serialize};

use crate::object::{Misfit, Object};

/// The claims of an activation token, as a server signs them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// The activation's id.
    pub aid: String,
    /// The license's id.
    pub lid: String,
    /// The product's id.
    pub pid: String,
    /// The license key.
    pub key: String,
    /// The fingerprint, as it was sent.
    pub fp: String,
    /// The fingerprint matching strategy.
    pub fms: String,
    /// The operating system, as it was sent.
    pub os: String,
    /// When the token was issued.
    pub iat: i64,
    /// When the license expires.
    pub eat: i64,
    /// When the lease ends.
    pub leat: i64,
    /// When the grace period for failed syncs ends.
    pub ssgpeat: i64,
    /// How often to sync; 0 for not at all.
    pub ssi: i64,
    /// How far the client's clock may run behind; -1 for any distance.
    pub aco: i64,
    /// Until when an offline response may be used; 0 if the token is none.
    pub orv: i64,
    /// Whether the license is suspended.
    pub suspended: bool,
    /// The license's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many floating clients an on-premise server may have.
    pub fc: i64,
    /// The leasing strategy.
    pub ls: String,
    /// How long a lease lasts.
    pub ld: i64,
    /// The license user's name; a text even if there is none.
    pub name: String,
    /// The license user's address; a text even if there is none.
    pub email: String,
    /// The license user's company; a text even if there is none.
    pub company: String,
    /// The product's metadata.
    pub pmd: Vec<Entry>,
    /// The license's metadata.
    pub lmd: Vec<Entry>,
    /// The license user's metadata.
    pub umd: Vec<Entry>,
    /// The activation's metadata.
    pub amd: Vec<Entry>,
    /// The license's meter attributes.
    pub lma: Vec<LicenseMeter>,
    /// This activation's uses of them.
    pub ama: Vec<ActivationMeter>,
    /// When the license was created.
    pub lcat: i64,
    /// When the license was first activated.
    pub laat: i64,
    /// When the activation was created.
    pub acat: i64,
    /// How many seats the license has; 0 and -1 for any number.
    #[serde(rename = "allowedActivations")]
    pub allowed_activations: i64,
    /// How many seats are taken.
    #[serde(rename = "totalActivations")]
    pub total_activations: u64,
    /// How often clients may deactivate; -1 for any number.
    #[serde(rename = "allowedDeactivations")]
    pub allowed_deactivations: i64,
    /// How often clients have deactivated.
    #[serde(rename = "totalDeactivations")]
    pub total_deactivations: u64,
    /// How the activation was made: `online` or `offline`.
    #[serde(rename = "initialMode")]
    pub initial_mode: &'static str,
    /// How this token reaches its client: `online` or `offline`.
    #[serde(rename = "currentMode")]
    pub current_mode: &'static str,
    /// The digest of the one user's name whose activation this is, where the license is locked to users.
    #[serde(rename = "userHash", skip_serializing_if = "Option::is_none")]
    pub user_hash: Option<String>,
    /// The license's epoch: raised by every revocation.
    pub epoch: i64,
    /// The license's version.
    pub ver: i64,
    /// Where the license's status stands in a status list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusClaim>,
}

/// The claims that a client's decisions lean on. A token may say more, in forms of its server's own: that is handed on unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The activation's id.
    pub aid: String,
    /// The license's id.
    pub lid: String,
    /// The product's id.
    pub pid: String,
    /// The license key.
    pub key: String,
    /// The fingerprint, as it was sent.
    pub fp: String,
    /// When the token was issued.
    pub iat: i64,
    /// When the license expires.
    pub eat: i64,
    /// When the lease ends.
    pub leat: i64,
    /// When the grace period for failed syncs ends.
    pub ssgpeat: i64,
    /// How often to sync; 0 for not at all.
    pub ssi: i64,
    /// How far the client's clock may run behind; -1 for any distance.
    pub aco: i64,
    /// Until when an offline response may be used; 0 if the token is none.
    pub orv: i64,
    /// Whether the license is suspended.
    pub suspended: bool,
    /// The license's type.
    pub kind: String,
    /// The license's epoch: raised by every revocation.
    pub epoch: i64,
    /// The license's version: raised by every change; 0 from a server that tells none.
    pub ver: i64,
    /// The digest of the user's name whose activation this is, if it is one user's.
    pub user_hash: Option<String>,
    /// Where the license's status stands in a status list.
    pub place: Option<StatusListPlace>,
    /// When maintenance ends: releases that were published later are not covered; 0 for never.
    pub maintenance_expires_at: i64,
    /// The last release that is covered; empty for every one.
    pub max_allowed_release_version: String,
}

impl Facts {
    pub(crate) const MEMBERS: &'static [&'static str] = &[
        "aid",
        "lid",
        "pid",
        "key",
        "fp",
        "iat",
        "eat",
        "leat",
        "ssgpeat",
        "ssi",
        "aco",
        "suspended",
        "type",
        "epoch",
        "ver",
        "orv",
        "userHash",
        "maintenanceExpiresAt",
        "maxAllowedReleaseVersion",
        "status",
        "status_list",
        "idx",
        "uri",
    ];

    pub(crate) fn read(claims: &Object<'_>) -> Result<Self, Misfit> {
        Ok(Self {
            aid: claims.text("aid")?,
            lid: claims.text("lid")?,
            pid: claims.text("pid")?,
            key: claims.text("key")?,
            fp: claims.text("fp")?,
            iat: claims.number("iat")?,
            eat: claims.number("eat")?,
            leat: claims.given_number("leat")?.unwrap_or_default(),
            ssgpeat: claims.number("ssgpeat")?,
            ssi: claims.number("ssi")?,
            aco: claims.number("aco")?,
            orv: claims.given_number("orv")?.unwrap_or_default(),
            suspended: claims.flag("suspended")?,
            kind: claims.given_text("type")?.unwrap_or_default(),
            epoch: claims.given_number("epoch")?.unwrap_or_default(),
            // No right rests on it: what is no number is as good as none.
            ver: claims.number("ver").unwrap_or_default(),
            user_hash: claims.optional_text("userHash")?,
            place: StatusListPlace::read(claims),
            maintenance_expires_at: claims
                .given_number("maintenanceExpiresAt")?
                .unwrap_or_default(),
            max_allowed_release_version: claims
                .given_text("maxAllowedReleaseVersion")?
                .unwrap_or_default(),
        })
    }
}

/// A field of the vendor's or the client's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A license's meter attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenseMeter {
    /// Its name.
    pub name: String,
    /// How many uses are allowed.
    pub allowed_uses: i64,
    /// How many uses stand now.
    pub total_uses: i64,
    /// How many uses there ever were.
    pub gross_uses: i64,
}

/// An activation's uses of a meter attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActivationMeter {
    /// Its name.
    pub name: String,
    /// How many uses stand now.
    pub uses: i64,
}

/// Where a license's status stands, in the form of IETF Token Status List.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StatusClaim {
    /// The list and the place in it.
    pub status_list: StatusListPlace,
}

impl StatusListPlace {
    /// What is no place is as good as none: no right rests on it.
    fn read(claims: &Object<'_>) -> Option<Self> {
        let place = claims.object("status")?.object("status_list")?;
        Some(Self {
            idx: u64::try_from(place.number("idx").ok()?).ok()?,
            uri: place.text("uri").ok()?,
        })
    }
}

/// A place in a status list.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StatusListPlace {
    /// The index in the list.
    pub idx: u64,
    /// Where the list is served.
    pub uri: String,
}

/// The claims of a statement: what the vendor publishes of a license.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Statement {
    /// The license's id.
    pub lid: String,
    /// The product's id.
    pub pid: String,
    /// The license's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether the license is revoked.
    pub revoked: bool,
    /// Whether the license is suspended.
    pub suspended: bool,
    /// Whether the license was deleted.
    pub deleted: bool,
    /// When it expires.
    pub eat: i64,
    /// When it was created.
    pub lcat: i64,
    /// When it was first activated.
    pub laat: i64,
    /// How many seats it has; 0 or -1 for any number.
    #[serde(rename = "allowedActivations")]
    pub allowed_activations: i64,
    /// How often its activations sync.
    pub ssi: i64,
    /// How long its activations may fail to sync.
    pub ssgp: i64,
    /// How far a client's clock may run behind; -1 for any distance.
    pub aco: i64,
    /// The epoch: raised by every revocation.
    pub epoch: i64,
    /// The version.
    pub ver: i64,
    /// When the license last changed.
    pub iat: i64,
    /// Where the license's status stands in a status list.
    pub status: StatusClaim,
}

/// The claims of a statement that a client's decisions lean on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementFacts {
    /// The license's id.
    pub lid: String,
    /// The product's id.
    pub pid: String,
    /// Whether the license is revoked.
    pub revoked: bool,
    /// Whether the license is suspended.
    pub suspended: bool,
    /// Whether the license was deleted.
    pub deleted: bool,
    /// When it expires.
    pub eat: i64,
    /// Its epoch: raised by every revocation.
    pub epoch: i64,
    /// When it last changed.
    pub iat: i64,
    /// Its version.
    pub ver: i64,
}

impl StatementFacts {
    pub(crate) const MEMBERS: &'static [&'static str] = &[
        "lid",
        "pid",
        "revoked",
        "suspended",
        "deleted",
        "eat",
        "epoch",
        "iat",
        "ver",
    ];

    pub(crate) fn read(claims: &Object<'_>) -> Result<Self, Misfit> {
        Ok(Self {
            lid: claims.text("lid")?,
            pid: claims.text("pid")?,
            revoked: claims.flag("revoked")?,
            suspended: claims.flag("suspended")?,
            deleted: claims.flag("deleted")?,
            eat: claims.number("eat")?,
            epoch: claims.number("epoch")?,
            iat: claims.number("iat")?,
            ver: claims.number("ver")?,
        })
    }
}
