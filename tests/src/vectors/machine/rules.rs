//! What a client must do, in as few lines as it takes: the source of every expectation in the tables.

use serde_json::{Value, json};

use super::super::{Asker, LICENSE_KEY, expected};

/// What is stored.
#[derive(Clone, Default, PartialEq)]
pub(super) struct State {
    pub name: &'static str,
    /// The token's name and text.
    pub token: Option<(&'static str, String)>,
    /// Its claims, if the product's key signed it.
    pub claims: Option<Value>,
    pub key: Option<String>,
    pub seen: i64,
    pub last_error: u8,
    pub ended: Option<Value>,
    pub trial: bool,
    /// The part whose seal is broken.
    pub edited: Option<&'static str>,
}

/// What a server answered.
pub(super) enum Answer {
    None,
    Token {
        name: &'static str,
        text: String,
        claims: Option<Value>,
    },
    Other {
        status: u16,
        body: String,
        code: u8,
        ends: bool,
    },
}

/// What comes of it.
pub(super) struct Case {
    pub code: u8,
    pub after: State,
    /// Whether a request goes out.
    pub asks: bool,
    /// How often to sync from now on; none for no more.
    pub interval: Option<i64>,
    /// When the next sync is due after this one.
    pub due: Option<i64>,
}

/// What a token is worth here.
#[derive(Clone, Copy, PartialEq)]
enum Worth {
    Refused(u8),
    LeaseOver,
    Stands(u8),
}

fn worth(claims: &Value, now: i64) -> Worth {
    let asker = Asker {
        now,
        ..Asker::default()
    };
    let is_ours =
        claims["key"] == json!(asker.license_key) && claims["pid"] == json!(asker.product_id);
    match expected(claims, &asker) {
        1 if is_ours => Worth::LeaseOver,
        code @ (1 | 47 | 63) => Worth::Refused(code),
        code => Worth::Stands(code),
    }
}

fn number(claims: &Value, name: &str) -> i64 {
    claims[name].as_i64().unwrap()
}

fn interval_of(claims: &Value) -> Option<i64> {
    Some(number(claims, "ssi")).filter(|interval| *interval > 0)
}

impl State {
    /// The token that may be looked at: signed, and as it was stored.
    fn standing(&self) -> Option<&Value> {
        self.claims
            .as_ref()
            .filter(|_| self.edited != Some("token"))
    }

    /// A minute or more later is worth a write, and so is a time in place of one that was edited.
    fn seen_at(&self, time: i64) -> Self {
        let is_edited = self.edited == Some("seen");
        State {
            seen: if is_edited || time - self.seen >= 60 {
                time
            } else {
                self.seen
            },
            edited: self.edited.filter(|_| !is_edited),
            ..self.clone()
        }
    }

    fn erased(&self, because: u8) -> Self {
        State {
            token: None,
            claims: None,
            last_error: because,
            ..self.clone()
        }
    }

    fn ended(&self, because: u8) -> Self {
        let ended = self
            .claims
            .as_ref()
            .map(|claims| json!({ "aid": claims["aid"], "iat": claims["iat"] }));
        State {
            ended: ended.or(self.ended.clone()),
            ..self.erased(because)
        }
    }
}

/// What is stored once a verdict was taken.
pub(super) fn settled(state: &State, now: i64) -> State {
    local(state, now).1
}

/// The verdict on what is stored: its code, what is stored then, and whether an activation stands.
fn local(state: &State, now: i64) -> (u8, State, bool) {
    let has_something = state.token.is_some() || state.trial;
    if (has_something && state.edited == Some("seen")) || state.seen - now > 3_800 {
        return (69, state.clone(), false);
    }
    let key = state
        .key
        .as_deref()
        .filter(|_| state.edited != Some("key"))
        .unwrap_or_default();
    if !(16..=256).contains(&key.chars().count()) {
        return (54, state.seen_at(now), false);
    }
    let Some(claims) = state.standing() else {
        return (1, state.seen_at(now), false);
    };
    match worth(claims, now) {
        Worth::Refused(code) => (code, state.seen_at(number(claims, "iat")), false),
        Worth::LeaseOver => (1, state.erased(1).seen_at(now), false),
        Worth::Stands(code) => (code, state.seen_at(now), true),
    }
}

pub(super) fn decide(operation: &str, state: &State, answer: &Answer, now: i64) -> Case {
    match operation {
        "genuine" => {
            let (code, after, stands) = local(state, now);
            let interval = after
                .claims
                .as_ref()
                .filter(|_| stands)
                .and_then(interval_of);
            Case {
                code,
                after,
                asks: false,
                interval,
                due: None,
            }
        }
        "activate" => activate(state, answer, now),
        "sync" => sync(state, answer, now),
        _ => deactivate(state, answer, now),
    }
}

/// Takes a token that stands, and says what it is worth.
fn granted(state: &State, answer: &Answer, now: i64) -> (u8, Option<State>) {
    let Answer::Token {
        name,
        text,
        claims: Some(claims),
    } = answer
    else {
        return (1, None);
    };
    let taken = State {
        token: Some((name, text.clone())),
        claims: Some(claims.clone()),
        key: Some(LICENSE_KEY.to_owned()),
        seen: now,
        last_error: 0,
        edited: None,
        ..state.clone()
    };
    match worth(claims, now) {
        Worth::Stands(code) => (code, Some(taken)),
        Worth::Refused(code) => (code, None),
        Worth::LeaseOver => (1, None),
    }
}

fn activate(state: &State, answer: &Answer, now: i64) -> Case {
    let (code, after) = match answer {
        Answer::Other { code, ends, .. } => {
            let is_same = state.token.is_some() && state.key.as_deref() == Some(LICENSE_KEY);
            let goes = *ends && is_same && !matches!(code, 43 | 54);
            (*code, goes.then(|| state.ended(*code)))
        }
        token => granted(state, token, now),
    };
    let stands = after.as_ref().and_then(|after| after.claims.as_ref());
    let interval = stands.and_then(interval_of);
    let due = interval.map(|interval| now + interval);
    Case {
        code,
        interval,
        due,
        asks: true,
        after: after.unwrap_or_else(|| state.clone()),
    }
}

/// The codes after which background syncs go on.
fn goes_on(code: u8) -> bool {
    matches!(code, 0 | 20 | 21 | 22 | 47 | 48 | 77 | 90 | 91)
}

fn sync(state: &State, answer: &Answer, now: i64) -> Case {
    let (code, before, stands) = local(state, now);
    let Some(current) = before.standing().filter(|_| stands).cloned() else {
        // A clock that is wrong now may be right at the next turn.
        let interval = before
            .standing()
            .filter(|_| matches!(code, 47 | 69))
            .and_then(interval_of);
        return Case {
            code,
            interval,
            due: None,
            asks: false,
            after: before,
        };
    };
    let (code, after, interval) = match answer {
        Answer::Other {
            code, ends: true, ..
        } => (*code, before.ended(*code), None),
        // A server that never knew the activation is another one.
        Answer::Other { code: 59, .. } => (59, before, interval_of(&current)),
        Answer::Other { code, .. } => (
            *code,
            before,
            interval_of(&current).filter(|_| goes_on(*code)),
        ),
        Answer::Token {
            claims: Some(claims),
            ..
        } if number(claims, "iat") < number(&current, "iat") => {
            (code, before, interval_of(&current))
        }
        token => {
            let (code, taken) = granted(&before, token, now);
            let after = taken.unwrap_or(before);
            let interval = after
                .claims
                .as_ref()
                .and_then(interval_of)
                .filter(|_| goes_on(code));
            (code, after, interval)
        }
    };
    let wait = |interval: i64| match code {
        48 | 90 | 91 => wait(interval, 1, None, 0),
        _ => interval,
    };
    // What has no background syncs begins with them at the next verdict that is asked for.
    let due = interval
        .filter(|_| interval_of(&current).is_some())
        .map(|interval| now + wait(interval));
    Case {
        code,
        after,
        asks: true,
        interval,
        due,
    }
}

fn deactivate(state: &State, answer: &Answer, now: i64) -> Case {
    let (code, before, stands) = local(state, now);
    let current = before.standing().filter(|_| stands || code == 47).cloned();
    let (Some(current), false) = (current, matches!(answer, Answer::None)) else {
        return Case {
            code,
            after: before,
            asks: false,
            interval: None,
            due: None,
        };
    };
    let cleared = |code| {
        let is_floating = current["type"] == json!("hosted-floating");
        let key = before.key.clone().filter(|_| is_floating);
        State {
            key,
            ..before.ended(code)
        }
    };
    let (code, after) = match answer {
        Answer::Other {
            code, ends: true, ..
        } => (*code, cleared(*code)),
        Answer::Other { status: 204, .. } => (0, cleared(0)),
        Answer::Other {
            status: 200, body, ..
        } if body == "{}" => (0, cleared(0)),
        Answer::Other { code, .. } => (*code, before.clone()),
        _ => (0, cleared(0)),
    };
    Case {
        code,
        after,
        asks: true,
        interval: None,
        due: None,
    }
}

/// Doubles from fifteen seconds up to the interval; at least what the server asks for, unless that is out of all proportion;
/// and up to half as long again by chance.
pub(super) fn wait(interval: i64, failures: u32, retry_after: Option<i64>, jitter: u32) -> i64 {
    let grown = (15_i128 << (failures - 1)).min(interval.into());
    let asked = retry_after.unwrap_or(0).min(interval.max(3_600));
    let base = i64::try_from(grown).unwrap().max(asked);
    base + i64::from(jitter) % (base / 2 + 1)
}
