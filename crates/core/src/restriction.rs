//! Restrictions: whether a request's address and country may activate a license.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::license::Refusal;
use crate::terms::Terms;

/// Where a request came from, as the host knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address, if the host can tell.
    pub address: Option<IpAddr>,
    /// The client's country as ISO 3166 alpha-2 in upper case, if the host can tell.
    pub country: Option<String>,
    /// Where in the country, if the host can tell.
    pub area: Area,
}

/// Where in a country a request came from, in the words of the host's geolocation. Plain values without a rule, so the
/// same struct is what hosts carry and rows hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Area {
    /// The region's code.
    pub region_code: Option<String>,
    /// The region's name.
    pub region_name: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The postal code.
    pub zip_code: Option<String>,
    /// The time zone's name, such as `Europe/Berlin`.
    pub time_zone: Option<String>,
    /// Degrees north, as decimal text.
    pub latitude: Option<String>,
    /// Degrees east, as decimal text.
    pub longitude: Option<String>,
}

impl Area {
    /// Says whether nothing is known of it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// Decides whether `origin` may activate. Where a list allows some, an unknown address or country is not among them.
pub(crate) fn admit(terms: &Terms, origin: &Origin) -> Result<(), Refusal> {
    let country = origin.country.as_deref();
    if !listed_or_open(&terms.allowed_countries, country)
        || named(&terms.disallowed_countries, country)
    {
        return Err(Refusal::CountryNotAllowed {
            country: origin.country.clone(),
        });
    }
    if !address_allowed(terms, origin.address) || address_denied(terms, origin.address) {
        return Err(Refusal::AddressNotAllowed {
            address: origin.address,
        });
    }
    Ok(())
}

fn listed_or_open(list: &[String], value: Option<&str>) -> bool {
    list.is_empty() || named(list, value)
}

fn named(list: &[String], value: Option<&str>) -> bool {
    value.is_some_and(|value| list.iter().any(|entry| entry.eq_ignore_ascii_case(value)))
}

/// An address may be named by itself or lie in a range; where neither kind is listed, every address may.
fn address_allowed(terms: &Terms, address: Option<IpAddr>) -> bool {
    let mut ranges = terms
        .allowed_ip_ranges
        .iter()
        .chain(&terms.allowed_ip_range)
        .peekable();
    if terms.allowed_ip_addresses.is_empty() && ranges.peek().is_none() {
        return true;
    }
    let Some(address) = address else {
        return false;
    };
    let in_range = ranges.any(|range| {
        range
            .parse::<IpNet>()
            .is_ok_and(|range| range.contains(&address))
    });
    in_range || is_named(&terms.allowed_ip_addresses, address)
}

fn address_denied(terms: &Terms, address: Option<IpAddr>) -> bool {
    address.is_some_and(|address| is_named(&terms.disallowed_ip_addresses, address))
}

fn is_named(list: &[String], address: IpAddr) -> bool {
    list.iter().any(|entry| entry.parse() == Ok(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        change: impl FnOnce(&mut Terms),
        address: &str,
        country: Option<&str>,
        admitted: bool,
    ) {
        let mut terms = Terms::default();
        change(&mut terms);
        let origin = Origin {
            address: address.parse().ok(),
            country: country.map(str::to_owned),
            area: Area::default(),
        };
        assert_eq!(admit(&terms, &origin).is_ok(), admitted);
    }

    #[test]
    fn no_list_admits_all() {
        check(|_| {}, "", None, true);
        check(|_| {}, "192.0.2.1", Some("DE"), true);
    }

    #[test]
    fn a_list_of_countries_admits_only_its_own() {
        check(
            |t| t.allowed_countries = vec!["DE".into()],
            "",
            Some("DE"),
            true,
        );
        check(
            |t| t.allowed_countries = vec!["DE".into()],
            "",
            Some("FR"),
            false,
        );
        check(|t| t.allowed_countries = vec!["DE".into()], "", None, false);
        check(
            |t| t.disallowed_countries = vec!["FR".into()],
            "",
            Some("FR"),
            false,
        );
        check(
            |t| t.disallowed_countries = vec!["FR".into()],
            "",
            None,
            true,
        );
    }

    #[test]
    fn addresses_and_ranges_add_up() {
        check(
            |t| t.allowed_ip_range = Some("192.0.2.0/24".into()),
            "192.0.2.9",
            None,
            true,
        );
        check(
            |t| t.allowed_ip_ranges = vec!["2001:db8::/32".into()],
            "2001:db8::1",
            None,
            true,
        );
        check(
            |t| t.allowed_ip_addresses = vec!["192.0.2.1".into()],
            "192.0.2.2",
            None,
            false,
        );
        check(
            |t| t.allowed_ip_addresses = vec!["192.0.2.1".into()],
            "",
            None,
            false,
        );
        check(
            |t| t.disallowed_ip_addresses = vec!["192.0.2.1".into()],
            "192.0.2.1",
            None,
            false,
        );
    }
}
