//! Cells of exports: what a machine says of itself, and where it was seen.

use licentia_core::{Activation, Device};
use serde_json::{Map, Value};

use crate::calls::csv::{Cells, optional, plain, text};

/// Returns the cells of `os`, `osVersion`, `hostname`, `vmName`, `container`, `offline` and `appVersion`.
pub(in crate::calls) fn machine(device: &Device, offline: bool) -> Cells {
    vec![
        plain(&device.os),
        said(device.os_version.as_ref()),
        text(&device.hostname),
        said(device.vm_name.as_ref()),
        plain(device.container),
        plain(offline),
        text(&device.app_version),
    ]
}

/// Returns the cells of `ipAddress`, `countryCode`, `regionCode`, `regionName`, `city`, `zipCode` and `timeZone`.
pub(in crate::calls) fn place(activation: &Activation) -> Cells {
    let area = &activation.area;
    vec![
        optional(activation.address),
        optional(activation.country.as_ref()),
        said(area.region_code.as_ref()),
        said(area.region_name.as_ref()),
        said(area.city.as_ref()),
        said(area.zip_code.as_ref()),
        said(area.time_zone.as_ref()),
    ]
}

/// Makes a cell of what a machine says of its own: a JSON object.
pub(in crate::calls) fn metadata(device: &Device) -> String {
    let entries = device.metadata.iter();
    let members: Map<String, Value> = entries
        .map(|(key, value)| (key.clone(), value.clone().into()))
        .collect();
    text(&Value::Object(members).to_string())
}

/// Makes a cell of a text that may be absent.
pub(super) fn said(value: Option<&String>) -> String {
    value.map_or_else(String::new, |value| text(value))
}
