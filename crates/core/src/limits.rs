//! Limits: which values a license's terms may have, and the one form in which they are kept.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::code::Problem;
use crate::terms::{LicenseType, Terms};
use crate::time::Seconds;

const LIST_LIMIT: usize = 256;
const RANGE_LIMIT: usize = 20;
const TAG_LIMIT: usize = 5;
const TEXT_LIMIT: usize = 256;
const LONG_TEXT_LIMIT: usize = 4_096;
/// Sixty-eight years: existing clients hold durations and counts as 32-bit integers.
const LONGEST: i64 = 2_147_483_647;
/// A floating client renews its lease by syncing, so it must sync well before the lease ends.
const LEASE_MARGIN: i64 = 30;

impl Terms {
    /// Checks every value and puts countries, addresses and ranges into their one form.
    ///
    /// # Errors
    /// Names the field.
    pub fn checked(mut self, min_sync_interval: Seconds) -> Result<Self, Problem> {
        self.check_counts()?;
        self.check_durations(min_sync_interval)?;
        self.put_addresses_in_form()?;
        for (field, list) in [
            ("allowedCountries", &mut self.allowed_countries),
            ("disallowedCountries", &mut self.disallowed_countries),
        ] {
            each(field, list, LIST_LIMIT, country)?;
        }
        each("tags", &mut self.tags, TAG_LIMIT, |tag| {
            fits(tag, TEXT_LIMIT)
        })?;
        if let Some(notes) = &self.notes {
            fits(notes, LONG_TEXT_LIMIT).map_err(|reason| Problem::field("notes", reason))?;
        }
        Ok(self)
    }

    /// Checks a lease that a client asks for, where it may: it must outlast the wait for the next sync.
    ///
    /// # Errors
    /// Names the field.
    pub fn check_asked_lease(&self, asked: Option<Seconds>) -> Result<(), Problem> {
        let Some(lease) = asked.filter(|lease| self.allow_client_lease_duration && lease.0 > 0)
        else {
            return Ok(());
        };
        let least = self.server_sync_interval.0.saturating_add(LEASE_MARGIN);
        if lease.0 < least || lease.0 > LONGEST {
            let reason = format!("it must be {least} to {LONGEST} seconds");
            return Err(Problem::field("leaseDuration", reason));
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<(), Problem> {
        for (field, count) in [
            ("allowedActivations", self.allowed_activations),
            ("allowedDeactivations", self.allowed_deactivations),
            ("allowedFloatingClients", self.allowed_floating_clients),
        ] {
            within(field, count, -1, LONGEST)?;
        }
        let on_premise = self.license_type == LicenseType::OnPremiseFloating;
        if on_premise && self.allow_container_activation {
            let reason = "a license of type `on-premise-floating` never allows containers";
            return Err(Problem::field("allowContainerActivation", reason));
        }
        Ok(())
    }

    fn check_durations(&self, min_sync_interval: Seconds) -> Result<(), Problem> {
        within("validity", self.validity.0, 0, LONGEST)?;
        within("leaseDuration", self.lease_duration.0, -1, LONGEST)?;
        within(
            "serverSyncGracePeriod",
            self.server_sync_grace_period.0,
            -1,
            LONGEST,
        )?;
        within(
            "expiringSoonEventOffset",
            self.expiring_soon_event_offset.0,
            0,
            LONGEST,
        )?;
        if self.allowed_clock_offset.0 != -1 {
            within(
                "allowedClockOffset",
                self.allowed_clock_offset.0,
                60,
                LONGEST,
            )?;
        }
        if self.server_sync_interval.0 != 0 {
            within(
                "serverSyncInterval",
                self.server_sync_interval.0,
                min_sync_interval.0,
                LONGEST,
            )?;
        }
        self.check_lease()
    }

    fn check_lease(&self) -> Result<(), Problem> {
        let Some(lease) = self.lease(None) else {
            return Ok(());
        };
        let latest = lease.0.saturating_sub(LEASE_MARGIN);
        if latest < 1 {
            let reason = format!("it must be more than {LEASE_MARGIN} seconds");
            return Err(Problem::field("leaseDuration", reason));
        }
        if self.server_sync_interval.0 == 0 || self.server_sync_interval.0 > latest {
            let reason = format!(
                "it must be 1 to {latest}, {LEASE_MARGIN} seconds less than `leaseDuration`"
            );
            return Err(Problem::field("serverSyncInterval", reason));
        }
        Ok(())
    }

    fn put_addresses_in_form(&mut self) -> Result<(), Problem> {
        if self.allowed_ip_range.as_deref() == Some("") {
            self.allowed_ip_range = None;
        }
        if let Some(one) = &mut self.allowed_ip_range {
            *one = range(one).map_err(|reason| Problem::field("allowedIpRange", reason))?;
        }
        each(
            "allowedIpRanges",
            &mut self.allowed_ip_ranges,
            RANGE_LIMIT,
            range,
        )?;
        each(
            "allowedIpAddresses",
            &mut self.allowed_ip_addresses,
            LIST_LIMIT,
            address,
        )?;
        each(
            "disallowedIpAddresses",
            &mut self.disallowed_ip_addresses,
            LIST_LIMIT,
            address,
        )
    }
}

pub(crate) fn within(field: &str, value: i64, least: i64, most: i64) -> Result<(), Problem> {
    if value < least || value > most {
        return Err(Problem::field(
            field,
            format!("it must be {least} to {most}, and is {value}"),
        ));
    }
    Ok(())
}

pub(crate) fn each(
    field: &str,
    list: &mut [String],
    limit: usize,
    form: impl Fn(&str) -> Result<String, String>,
) -> Result<(), Problem> {
    if list.len() > limit {
        return Err(Problem::field(
            field,
            format!("it has more than {limit} entries"),
        ));
    }
    for (position, entry) in list.iter_mut().enumerate() {
        *entry = form(entry)
            .map_err(|reason| Problem::field(&format!("{field}[{position}]"), reason))?;
    }
    Ok(())
}

/// Checks a name: a text that is not blank.
pub(crate) fn name(field: &str, text: &str, limit: usize) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(Problem::field(field, "it is missing or empty"));
    }
    fits(text, limit).map_err(|reason| Problem::field(field, reason))?;
    Ok(())
}

/// Control characters other than white space have no place in a text, and would take six bytes each in JSON.
pub(crate) fn fits(text: &str, limit: usize) -> Result<String, String> {
    if text.contains(|c: char| c.is_control() && !c.is_ascii_whitespace()) {
        return Err("it has control characters".to_owned());
    }
    if text.chars().count() > limit {
        return Err(format!("it has more than {limit} characters"));
    }
    Ok(text.to_owned())
}

fn country(text: &str) -> Result<String, String> {
    let alpha2 = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    alpha2
        .then(|| text.to_ascii_uppercase())
        .ok_or_else(|| format!("`{}` is not an ISO 3166 alpha-2 code", shown(text)))
}

fn address(text: &str) -> Result<String, String> {
    let parsed = text.parse::<IpAddr>();
    parsed
        .map(|address| address.to_string())
        .map_err(|_parse| format!("`{}` is not an IP address", shown(text)))
}

fn range(text: &str) -> Result<String, String> {
    let parsed = text.parse::<IpNet>();
    parsed
        .map(|range| range.trunc().to_string())
        .map_err(|_parse| format!("`{}` is not a CIDR range", shown(text)))
}

fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Terms), field: Option<&str>) {
        let mut terms = Terms::default();
        change(&mut terms);
        let refused = terms
            .checked(Seconds(60))
            .err()
            .map(|problem| problem.message);
        match field {
            None => assert_eq!(refused, None),
            Some(field) => assert!(
                refused
                    .clone()
                    .unwrap_or_default()
                    .starts_with(&format!("`{field}`")),
                "{refused:?}"
            ),
        }
    }

    #[test]
    fn the_built_in_template_is_within_the_limits() {
        check(|_| {}, None);
    }

    #[test]
    fn values_out_of_range_name_their_field() {
        check(|t| t.allowed_activations = -2, Some("allowedActivations"));
        check(|t| t.validity = Seconds(-1), Some("validity"));
        check(
            |t| t.server_sync_interval = Seconds(59),
            Some("serverSyncInterval"),
        );
        check(|t| t.server_sync_interval = Seconds(0), None);
        check(
            |t| t.allowed_clock_offset = Seconds(59),
            Some("allowedClockOffset"),
        );
        check(|t| t.allowed_clock_offset = Seconds(-1), None);
        check(
            |t| t.allowed_countries = vec!["DE".into(), "Germany".into()],
            Some("allowedCountries[1]"),
        );
        check(
            |t| t.allowed_ip_addresses = vec!["192.0.2.300".into()],
            Some("allowedIpAddresses[0]"),
        );
        check(
            |t| t.allowed_ip_ranges = vec!["192.0.2.1".into()],
            Some("allowedIpRanges[0]"),
        );
        check(|t| t.tags = vec![String::new(); 6], Some("tags"));
    }

    #[test]
    fn a_floating_client_syncs_before_its_lease_ends() {
        let floating = |lease, interval| {
            move |terms: &mut Terms| {
                terms.license_type = LicenseType::HostedFloating;
                terms.lease_duration = Seconds(lease);
                terms.server_sync_interval = Seconds(interval);
            }
        };
        check(floating(600, 570), None);
        check(floating(600, 571), Some("serverSyncInterval"));
        check(floating(600, 0), Some("serverSyncInterval"));
        check(floating(31, 60), Some("serverSyncInterval"));
        check(floating(30, 60), Some("leaseDuration"));
    }

    #[test]
    fn lists_are_kept_in_one_form() {
        let terms = Terms {
            allowed_countries: vec!["de".into()],
            allowed_ip_ranges: vec!["192.0.2.7/24".into()],
            disallowed_ip_addresses: vec!["2001:DB8::1".into()],
            ..Terms::default()
        };
        let terms = terms.checked(Seconds(60)).unwrap();
        assert_eq!(terms.allowed_countries, ["DE"]);
        assert_eq!(terms.allowed_ip_ranges, ["192.0.2.0/24"]);
        assert_eq!(terms.disallowed_ip_addresses, ["2001:db8::1"]);
    }
}
