//! States by name: what is done to a license, a machine or the time so that the answer is the one that is wanted.

use std::net::{IpAddr, Ipv4Addr};

use licentia_core::{
    Activation, Code, Device, License, LicenseType, Origin, Problem, Reach, Seconds, Timestamp,
};

use crate::question::{Case, Question};

const DAY: Seconds = Seconds(86_400);
/// A lease must outlast the wait for the next sync.
const LEASE: Seconds = Seconds(120);
/// An address that is kept for documents (RFC 5737), and is no machine's.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

/// Says what is wrong, if the state is the code of an error, or a sync finds the seat freed.
pub(crate) fn spoken(state: &str, syncs: bool) -> Option<Problem> {
    let is_freed = syncs && state == "lease-over";
    let state = if is_freed {
        "ACTIVATION_NOT_FOUND"
    } else {
        state
    };
    let code = Code::ALL.iter().find(|code| code.as_str() == state);
    code.map(|code| Problem::new(*code, code.cause()))
}

/// Brings a state about.
pub(crate) fn bring_about(state: &str, case: &mut Case) -> Result<(), Problem> {
    let Case {
        license,
        device,
        origin,
        issued,
    } = case;
    let terms = &mut license.terms;
    match state {
        "ok" | "fingerprint" => {}
        "suspended" => license.suspended = true,
        "revoked" => license.revoked = true,
        "expired" => license.expires_at = Some(before(*issued, DAY)),
        "grace-over" => {
            terms.server_sync_interval = terms.server_sync_interval.max(Seconds(1));
            terms.server_sync_grace_period = DAY;
            *issued = before(before(*issued, DAY), DAY);
        }
        "lease-over" => {
            terms.license_type = LicenseType::HostedFloating;
            terms.server_sync_interval = Seconds(60);
            terms.lease_duration = LEASE;
            *issued = before(before(*issued, LEASE), LEASE);
        }
        "limit" => {
            terms.allowed_activations = 1;
            license.totals.activations = 1;
        }
        "not-effective" => license.effective_at = Some(issued.plus(DAY)),
        "vm" => {
            terms.allow_vm_activation = false;
            device.vm_name = Some("virtual machine".to_owned());
        }
        "container" => {
            terms.allow_container_activation = false;
            device.container = true;
        }
        "country" => {
            terms.allowed_countries = vec!["AQ".to_owned()];
            origin.country = Some("DE".to_owned());
        }
        "address" => {
            terms.disallowed_ip_addresses = vec![ELSEWHERE.to_string()];
            origin.address = Some(ELSEWHERE);
        }
        "type" => terms.license_type = LicenseType::OnPremiseFloating,
        _ => {
            let reason = format!("`{state}` is neither a state nor the code of an error");
            return Err(Problem::field("state", reason));
        }
    }
    Ok(())
}

/// Returns the activation that a sync is about: another machine's where the fingerprint is to be wrong.
pub(crate) fn activated(
    license: &License,
    device: &Device,
    question: &Question,
    issued: Timestamp,
) -> Option<Activation> {
    let is_another = question.state == "fingerprint";
    (question.syncs || is_another).then(|| {
        let mut device = device.clone();
        if is_another {
            device.fingerprint.push_str(" of another machine");
        }
        let origin = Origin::default();
        let reach = Reach::Online(&origin);
        Activation::new(question.activation_id, license, device, None, reach, issued)
    })
}

fn before(time: Timestamp, duration: Seconds) -> Timestamp {
    time.plus(Seconds(duration.0.saturating_neg()))
}
