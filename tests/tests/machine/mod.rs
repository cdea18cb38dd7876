//! A server that grants, a device that decides by core, and what a grant is worth by rules of its own.

mod device;
mod draw;
mod grant;
mod runs;

pub use device::Device;
pub use draw::{grant, outage, steps};
pub use grant::{Answer, Grant, NOW};
use licentia_core::StatusCode;
pub use runs::runs;

/// What happens to a device.
#[derive(Clone, Debug)]
pub enum Step {
    Activate(Answer),
    Sync(Answer),
    Deactivate(Answer),
    Restart,
    /// Time passes, for the server and on the device.
    Pass(i64),
    /// The device's clock is set: so far from the server's.
    SetClock(i64),
    /// Somebody writes another value into what is stored.
    Edit(&'static str),
}

/// What happens to a device whose network is out.
#[derive(Clone, Debug)]
pub enum Outage {
    Fail(u16, &'static str),
    Restart,
    Pass(i64),
    /// The clock goes so far from what it was, which is less than what is forgiven.
    Wobble(i64),
}

/// A device, the server's time, and what stands by the rules.
pub struct World {
    pub device: Device,
    server: i64,
    issued: Vec<Grant>,
    standing: Option<Grant>,
    /// Which activations have ended, and when the grant was issued that ended.
    ended: Vec<(u8, i64)>,
    /// When the latest grant was issued that was taken, as far as the device still has it.
    known: i64,
    /// The latest time by the device's clock at which something ran, since the last grant that was news.
    shown: i64,
    edited: bool,
}

/// How far a clock may be set back, and how coarsely the last time is kept.
const FORGIVEN: i64 = 3_800 + 60;

impl World {
    pub fn new() -> Self {
        Self {
            device: Device::new(),
            server: NOW,
            issued: Vec::new(),
            standing: None,
            ended: Vec::new(),
            known: i64::MIN,
            shown: i64::MIN,
            edited: false,
        }
    }

    pub fn take(&mut self, step: &Step) {
        match step {
            Step::Activate(answer) => {
                let answer = self.said(answer);
                let status = self.device.activate(&answer);
                self.answered(
                    status,
                    &answer,
                    &["INVALID_LICENSE_KEY", "INVALID_PRODUCT_ID"],
                );
            }
            Step::Sync(answer) => {
                let answer = self.said(answer);
                if let Some(status) = self.device.sync(&answer) {
                    self.answered(status, &answer, &[]);
                }
            }
            Step::Deactivate(answer) => {
                let answer = self.said(answer);
                if self.device.deactivate(&answer).is_some() && answer.ends_a_deactivation() {
                    self.end();
                }
            }
            Step::Restart => self.device.restart(),
            Step::Pass(seconds) => {
                self.server += seconds;
                self.device.clock += seconds;
            }
            Step::SetClock(distance) => self.device.clock = self.server + distance,
            Step::Edit(member) => {
                self.device.edit(member);
                self.edited = true;
                if *member == "token" {
                    self.known = i64::MIN;
                }
            }
        }
    }

    /// Grants are issued at the server's time; the network may repeat any that were issued before.
    fn said(&mut self, answer: &Answer) -> Answer {
        match answer {
            Answer::Granted(grant) => {
                let grant = grant.at(self.server);
                self.issued.push(grant.clone());
                Answer::Granted(grant)
            }
            Answer::Repeated(place) if !self.issued.is_empty() => {
                Answer::Granted(self.issued[place % self.issued.len()].clone())
            }
            Answer::Forged(grant) => Answer::Forged(grant.at(self.server)),
            other => other.clone(),
        }
    }

    fn answered(&mut self, status: StatusCode, answer: &Answer, harmless: &[&str]) {
        match answer {
            Answer::Granted(grant) if status.is_standing() && self.device.holds(grant) => {
                self.taken(grant);
            }
            Answer::Refused(status, code)
                if is_final(*status, code) && !harmless.contains(code) =>
            {
                self.end();
            }
            _ => {}
        }
    }

    /// The device holds a grant now: one that it must not have taken counts for none.
    fn taken(&mut self, grant: &Grant) {
        let may = grant.keeps_activation(self.device.clock)
            && !self.has_ended(grant)
            && !self.says_earlier(grant);
        self.standing = may.then(|| grant.clone());
        if grant.issued > self.known {
            self.shown = self.device.clock;
        }
        self.known = self.known.max(grant.issued);
        self.edited = false;
    }

    /// Of what has ended last, nothing that was issued until then; of what ended before, nothing that was issued before.
    fn has_ended(&self, grant: &Grant) -> bool {
        let last = self.ended.last();
        last == Some(&(grant.activation, grant.issued))
            || self.ended.iter().any(|(_, issued)| grant.issued < *issued)
    }

    fn says_earlier(&self, grant: &Grant) -> bool {
        let when = |grant: &Grant| (grant.epoch, grant.issued, grant.suspended);
        let standing = self.standing.as_ref().filter(|_| !self.edited);
        standing.is_some_and(|standing| when(grant) < when(standing))
    }

    /// Of what was edited, the device need not know what has ended.
    fn end(&mut self) {
        let grant = self.standing.take();
        if let Some(grant) = grant.filter(|_| !self.edited) {
            self.ended.push((grant.activation, grant.issued));
        }
    }

    /// The device's verdict, and whether the rules allow it to be a good one.
    pub fn verdict(&mut self) -> (StatusCode, bool) {
        let clock = self.device.clock;
        let covered = self
            .standing
            .as_ref()
            .is_some_and(|grant| grant.covers(clock));
        let allowed = covered && !self.edited && clock >= self.shown.saturating_sub(FORGIVEN);
        let status = self.device.genuine();
        if status == StatusCode::OK {
            self.shown = self.shown.max(clock);
        }
        let is_over = |grant: &Grant| grant.lease != 0 && !self.device.holds(grant);
        if !self.edited && self.standing.as_ref().is_some_and(is_over) {
            self.end();
        }
        (status, allowed)
    }
}

/// Refusals that end an activation.
pub fn is_final(status: u16, code: &str) -> bool {
    let codes = [
        (400, "REVOKED_LICENSE"),
        (400, "COUNTRY_NOT_ALLOWED"),
        (400, "INVALID_LICENSE_KEY"),
        (400, "INVALID_PRODUCT_ID"),
        (404, "ACTIVATION_NOT_FOUND"),
    ];
    codes.contains(&(status, code))
}
