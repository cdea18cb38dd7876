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

    fn has_something(&self) -> bool {
        self.token.is_some() || self.trial || self.ended.is_some()
    }

    fn is_untimely(&self, now: i64) -> bool {
        self.has_something() && (self.edited == Some("seen") || self.seen - now > 3_800)
    }

    /// A minute or more later is worth a write, and so is a time in place of one that was edited, or of one that was ahead
    /// where nothing is held.
    fn seen_at(&self, time: i64) -> Self {
        let is_edited = self.edited == Some("seen");
        let was_ahead = !self.has_something() && self.seen - time > 3_800;
        State {
            seen: if is_edited || was_ahead || time - self.seen >= 60 {
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
        let ended = self.claims.as_ref().map(
            |claims| json!({ "aid": claims["aid"], "iat": claims["iat"], "lid": claims["lid"] }),
        );
        State {
            ended: ended.or(self.ended.clone()),
            ..self.erased(because)
        }
    }
}

/// What is stored once a server has ended an activation.
pub(super) fn after_its_end(state: &State, because: u8) -> State {
    state.ended(because)
}

/// What is stored once a verdict was taken.
pub(super) fn settled(state: &State, now: i64) -> State {
    local(state, now).1
}

/// The verdict on what is stored: its code, what is stored then, and whether an activation stands.
fn local(state: &State, now: i64) -> (u8, State, bool) {
    if state.is_untimely(now) {
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
        Worth::LeaseOver => (1, state.ended(1).seen_at(now), false),
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

/// Whether a token is no newer than what has ended: of the same activation, or older than it on the same license.
fn has_ended(state: &State, claims: &Value) -> bool {
    let Some(ended) = &state.ended else {
        return false;
    };
    let (iat, last) = (number(claims, "iat"), number(ended, "iat"));
    (claims["aid"] == ended["aid"] && iat <= last) || (claims["lid"] == ended["lid"] && iat < last)
}

/// Whether the token that is held says later, on the same license. Of one second, the license's version decides.
fn says_earlier(state: &State, claims: &Value) -> bool {
    let when = |claims: &Value| {
        let [epoch, iat, ver] = ["epoch", "iat", "ver"].map(|name| number(claims, name));
        (epoch, iat, ver, claims["suspended"] == json!(true))
    };
    let held = state.standing();
    held.is_some_and(|held| held["lid"] == claims["lid"] && when(claims) < when(held))
}

/// Whether a token was issued after all that is known.
fn is_news(state: &State, claims: &Value) -> bool {
    let known = [&state.claims, &state.ended].into_iter().flatten();
    known
        .map(|known| number(known, "iat"))
        .all(|known| number(claims, "iat") > known)
}

/// What comes of a token: nothing if it was recorded before something ended, and the verdict on what is held if that says later.
/// The last part says whether an activation stands.
fn heard(state: &State, answer: &Answer, now: i64) -> (u8, Option<State>, bool) {
    if let Answer::Token {
        claims: Some(claims),
        ..
    } = answer
    {
        if has_ended(state, claims) {
            return (48, None, false);
        }
        if says_earlier(state, claims) {
            let (code, after, stands) = local(state, now);
            return (code, Some(after), stands);
        }
    }
    let (code, after) = granted(state, answer, now);
    let stands = after.is_some();
    // Where an activation stands, what is of no use has not come from its server.
    let is_useless = code == 1 && local(state, now).2;
    (if is_useless { 48 } else { code }, after, stands)
}

/// Takes a token that stands, and says what it is worth. Only one that is news sets the time back, or right.
fn granted(state: &State, answer: &Answer, now: i64) -> (u8, Option<State>) {
    let Answer::Token {
        name,
        text,
        claims: Some(claims),
    } = answer
    else {
        return (1, None);
    };
    let is_news = is_news(state, claims);
    let follows = is_news || state.edited == Some("seen") || !state.has_something();
    let taken = State {
        token: Some((name, text.clone())),
        claims: Some(claims.clone()),
        key: Some(LICENSE_KEY.to_owned()),
        seen: if follows { now } else { now.max(state.seen) },
        last_error: 0,
        edited: None,
        ..state.clone()
    };
    match worth(claims, now) {
        Worth::Stands(_) if !is_news && state.is_untimely(now) => (69, None),
        Worth::Stands(code) => (code, Some(taken)),
        Worth::Refused(code) => (code, None),
        Worth::LeaseOver => (1, None),
    }
}

fn activate(state: &State, answer: &Answer, now: i64) -> Case {
    let (code, after, stands) = match answer {
        Answer::Other { code, ends, .. } => {
            let is_same = state.token.is_some() && state.key.as_deref() == Some(LICENSE_KEY);
            let goes = *ends && is_same && !matches!(code, 43 | 54);
            (*code, goes.then(|| state.ended(*code)), false)
        }
        token => heard(state, token, now),
    };
    let held = after.as_ref().and_then(|after| after.claims.as_ref());
    let interval = held.filter(|_| stands).and_then(interval_of);
    let due = interval.map(|interval| now + interval);
    Case {
        code,
        interval,
        due,
        asks: true,
        after: after.unwrap_or_else(|| state.clone()),
    }
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
    let (code, after, stands) = match answer {
        Answer::Other {
            code, ends: true, ..
        } => (*code, before.ended(*code), false),
        Answer::Other { code, .. } => (*code, before, false),
        token => {
            let (code, taken, stands) = heard(&before, token, now);
            (code, taken.unwrap_or(before), stands)
        }
    };
    // Syncs go on after all that does not erase; sooner where nothing was said of the license.
    let interval = after.claims.as_ref().and_then(interval_of);
    let wait = |interval: i64| match code {
        _ if stands => interval,
        47 | 69 => interval,
        _ => wait(interval, 1, None, 0),
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
