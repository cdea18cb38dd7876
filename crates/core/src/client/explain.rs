//! Says in one sentence what the state is, what it rests on, and when it is checked next.

use super::{Client, Decision, Schedule, Stored};
use crate::claims::Facts;
use crate::status_code::StatusCode;
use crate::time::Timestamp;
use crate::token::Token;

impl Client {
    /// Returns the sentence. It is for people who help users: what users read is the status code's meaning.
    #[must_use]
    pub fn explain(&self, stored: &Stored, schedule: Schedule, now: i64) -> String {
        let decision = self.genuine(stored, now);
        let status = decision.status;
        let meaning = status.meaning().trim_end_matches('.');
        let basis = if decision.ends(stored) {
            "the lease of the activation ended".to_owned()
        } else {
            self.basis(status, stored, now)
        };
        let next = next(&decision, schedule, now);
        format!("{meaning} ({}): {basis}; {next}.", status.name())
    }

    fn basis(&self, status: StatusCode, stored: &Stored, now: i64) -> String {
        match status {
            StatusCode::E_PRODUCT_ID => "no product id is set".to_owned(),
            StatusCode::E_TIME_MODIFIED => altered_time(stored, now),
            StatusCode::E_LICENSE_KEY => key_fault(self, stored).to_owned(),
            _ => match stored.token() {
                Some(token) if status == StatusCode::OK => good(stored, token),
                Some(token) => of_token(status, stored, token, now),
                None => without_token(stored),
            },
        }
    }
}

impl Decision {
    /// Whether what was stored is erased now.
    pub(super) fn ends(&self, stored: &Stored) -> bool {
        let next = self.store.as_ref();
        stored.token.value.is_some() && next.is_some_and(|next| next.token.value.is_none())
    }
}

fn altered_time(stored: &Stored, now: i64) -> String {
    if !stored.seen.whole {
        return "the time that is stored was not written by this client".to_owned();
    }
    let (now, seen) = (time(now), time(stored.seen()));
    format!("the clock says {now}, and it has been {seen} before")
}

fn key_fault(client: &Client, stored: &Stored) -> &'static str {
    if !stored.key.whole {
        "the license key that is stored was not written by this client"
    } else if client.license_key.is_some() || stored.key().is_some() {
        "a license key has 16 to 256 characters"
    } else {
        "no license key was given, and none is stored"
    }
}

fn without_token(stored: &Stored) -> String {
    let erased = stored.last_error();
    if stored.token.value.is_some() {
        "what is stored is no token that the product's key signed and this client stored".to_owned()
    } else if erased != StatusCode::OK && erased != StatusCode::FAIL {
        format!("the activation was erased because of {}", erased.name())
    } else if erased == StatusCode::FAIL {
        "the lease of the activation ended".to_owned()
    } else {
        "nothing is stored".to_owned()
    }
}

/// Says how long the verdict holds without a word from the server: until the first end that comes.
fn good(stored: &Stored, token: &Token) -> String {
    let facts = token.facts();
    let grace = if facts.ssi > 0 { facts.ssgpeat } else { 0 };
    let said = stored.said_of(token).eat;
    let ends = [grace, facts.eat, facts.leat, said].into_iter();
    let until = ends.filter(|end| *end > 0).min();
    let until = until.map(|end| format!(", and is good until {}", time(end)));
    format!("{} says so{}", issued(facts), until.unwrap_or_default())
}

fn issued(facts: &Facts) -> String {
    format!("the server's token of {}", time(facts.iat))
}

fn of_token(status: StatusCode, stored: &Stored, token: &Token, now: i64) -> String {
    let facts = token.facts();
    let said = stored.said_of(token);
    let issued = issued(facts);
    match status {
        StatusCode::EXPIRED if said.eat != 0 && said.eat < now => {
            format!(
                "the vendor has said since then that it ended at {}",
                time(said.eat)
            )
        }
        StatusCode::SUSPENDED if !facts.suspended => "the vendor has said so since then".to_owned(),
        StatusCode::EXPIRED => format!("{issued} says that it ended at {}", time(facts.eat)),
        StatusCode::GRACE_PERIOD_OVER => {
            format!("{issued} was good until {}", time(facts.ssgpeat))
        }
        StatusCode::E_TIME => format!("the clock says {}, before {issued}", time(now)),
        StatusCode::FAIL => format!("{issued} is for another license key or product"),
        StatusCode::E_MACHINE_FINGERPRINT => format!("{issued} is for another fingerprint"),
        StatusCode::E_OS_USER => format!("{issued} is for another user of this device"),
        _ => format!("{issued} says so"),
    }
}

fn next(decision: &Decision, schedule: Schedule, now: i64) -> String {
    match schedule.due() {
        Some(due) if due <= now => "the server is being asked".to_owned(),
        Some(due) => format!("the server is asked next at {}", time(due)),
        None if decision.interval.is_none() => "the server is not asked again".to_owned(),
        None if schedule == Schedule::Over => "background syncs have ended".to_owned(),
        None => "background syncs have not begun".to_owned(),
    }
}

/// A time to the second.
fn time(seconds: i64) -> String {
    let text = Timestamp::from_unix_seconds(seconds).to_string();
    text.get(..19)
        .map_or(text.clone(), |whole| format!("{whole}Z"))
}
