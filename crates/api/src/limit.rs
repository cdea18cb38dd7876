//! Rate limits: how many requests an address may send, and how many wrong credentials.
//!
//! A host keeps one `Limiter` in memory, so the counts are approximate: another isolate counts anew. They keep a runaway
//! script or a guesser from costing others their answers; no right of anybody depends on them. Windows begin with an
//! address's first request, and what is remembered is bounded.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use licentia_core::{Code, Problem, Seconds, Timestamp};

use crate::host::{Actor, Reply};
use crate::route::Operation;

/// Beyond so many addresses in one window those whose window has ended are forgotten, or else all.
const REMEMBERED: usize = 10_000;
/// How many times as much the root may ask: its holder is the vendor, whose scripts send many requests from one address.
const ROOT_ALLOWANCE: u32 = 10;
const UNITS: [(&str, i64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// So many in so long a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How many.
    pub allowance: u32,
    /// How long a window is: one second at least.
    pub period: Seconds,
}

/// A text that is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a limit must be a count and a window such as `300/5s`, or `off`")]
pub struct MalformedRule;

/// The rules of a host; one that is absent limits nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one address.
    pub requests: Option<Rule>,
    /// Wrong license keys, activation ids and access tokens of one address.
    pub wrong_credentials: Option<Rule>,
}

/// What has been counted.
#[derive(Debug, Default)]
pub struct Limiter {
    of_applications: Counter,
    of_the_root: Counter,
    wrong_credentials: Counter,
}

/// How an address stands after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    period: Seconds,
    remaining: u32,
    reset: Timestamp,
    exceeded: bool,
    now: Timestamp,
}

#[derive(Debug, Default)]
struct Counter(BTreeMap<IpAddr, Window>);

#[derive(Clone, Copy, Debug)]
struct Window {
    ends: Timestamp,
    count: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let rule = |allowance, period| {
            Some(Rule {
                allowance,
                period: Seconds(period),
            })
        };
        Self {
            requests: rule(300, 5),
            wrong_credentials: rule(20, 60),
        }
    }
}

impl Rule {
    /// Reads `300/5s`, or `off`, which is no rule. Units are `s`, `m`, `h` and `d`.
    ///
    /// # Errors
    /// Refuses any other form, a count of 0 and a window of 0.
    pub fn parse(text: &str) -> Result<Option<Self>, MalformedRule> {
        match text.trim() {
            "off" => Ok(None),
            rule => rule.parse().map(Some),
        }
    }
}

impl FromStr for Rule {
    type Err = MalformedRule;

    fn from_str(text: &str) -> Result<Self, MalformedRule> {
        let parse = || {
            let (allowance, period) = text.split_once('/')?;
            let unit = UNITS.iter().find(|(unit, _)| period.ends_with(unit));
            let (unit, seconds) = unit?;
            let number: i64 = period.strip_suffix(unit)?.parse().ok()?;
            let period = number.checked_mul(*seconds)?;
            let allowance = allowance.parse().ok()?;
            (allowance > 0 && (1..=86_400).contains(&period)).then_some(Self {
                allowance,
                period: Seconds(period),
            })
        };
        parse().ok_or(MalformedRule)
    }
}

impl Limiter {
    /// Counts a request. An address that is not known is not counted: the rest of the world shares it.
    pub fn count(
        &mut self,
        limits: &Limits,
        address: Option<IpAddr>,
        actor: Actor,
        now: Timestamp,
    ) -> Option<Standing> {
        let mut rule = limits.requests?;
        let counter = match actor {
            Actor::Root => {
                rule.allowance = rule.allowance.saturating_mul(ROOT_ALLOWANCE);
                &mut self.of_the_root
            }
            _ => &mut self.of_applications,
        };
        let window = match address {
            Some(address) => counter.add(address, rule.period, now),
            None => Window::new(rule.period, now),
        };
        Some(window.standing(rule, now))
    }

    /// Returns how an address stands that has sent too many wrong credentials, if `operation` tries another one.
    ///
    /// Only calls that try a license key are held up: whoever holds an activation's id still syncs, and every other call
    /// passes, so that machines behind one address suffer as little as can be from a guesser among them.
    #[must_use]
    pub fn held_up(
        &self,
        limits: &Limits,
        operation: Operation,
        address: Option<IpAddr>,
        actor: Actor,
        now: Timestamp,
    ) -> Option<Standing> {
        let tries_a_key = matches!(
            operation,
            Operation::CreateActivation | Operation::CheckLicense
        );
        if !tries_a_key || actor == Actor::Root {
            return None;
        }
        let rule = limits.wrong_credentials?;
        let window = self.wrong_credentials.current(address?, now)?;
        (window.count >= rule.allowance).then(|| Window::exceeded(window, rule, now))
    }

    /// Counts an answer that says that a credential was wrong. Returns how the address stands if there were too many
    /// before: nothing more is told it then.
    pub fn count_wrong(
        &mut self,
        limits: &Limits,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<Standing> {
        let rule = limits.wrong_credentials?;
        let window = self.wrong_credentials.add(address?, rule.period, now);
        Some(window.standing(rule, now)).filter(|standing| standing.exceeded)
    }
}

/// Says whether an answer tells its reader that a credential was wrong: that one was missing says nothing of any.
#[must_use]
pub fn tells_wrong_credential(code: Option<Code>, actor: Actor) -> bool {
    match code {
        Some(Code::InvalidLicenseKey | Code::LicenseUnknown | Code::ActivationUnknown) => true,
        Some(Code::Unauthorized) => actor != Actor::Anonymous,
        _ => false,
    }
}

impl Counter {
    fn add(&mut self, address: IpAddr, period: Seconds, now: Timestamp) -> Window {
        if self.0.len() >= REMEMBERED {
            self.forget(now);
        }
        let window = self
            .0
            .entry(network(address))
            .or_insert_with(|| Window::new(period, now));
        if window.ends <= now {
            *window = Window::new(period, now);
        }
        window.count = window.count.saturating_add(1);
        *window
    }

    fn current(&self, address: IpAddr, now: Timestamp) -> Option<Window> {
        let window = self.0.get(&network(address)).copied();
        window.filter(|window| now < window.ends)
    }

    /// Forgets what has ended; if that is little, all, so that not every further request does this work again.
    fn forget(&mut self, now: Timestamp) {
        self.0.retain(|_, window| now < window.ends);
        if self.0.len() > REMEMBERED / 2 {
            self.0.clear();
        }
    }
}

/// Whoever has one IPv6 address has the 2^64 of its network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        address => address,
    }
}

impl Window {
    fn new(period: Seconds, now: Timestamp) -> Self {
        Self {
            ends: now.plus(period),
            count: 0,
        }
    }

    fn standing(self, rule: Rule, now: Timestamp) -> Standing {
        Standing {
            period: rule.period,
            remaining: rule.allowance.saturating_sub(self.count),
            reset: self.ends,
            exceeded: self.count > rule.allowance,
            now,
        }
    }

    fn exceeded(self, rule: Rule, now: Timestamp) -> Standing {
        Standing {
            exceeded: true,
            ..self.standing(rule, now)
        }
    }
}

impl Standing {
    /// Returns the headers that say so. `X-Rate-Limit-Limit` is the window, as the compatible API has it.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 3] {
        [
            ("X-Rate-Limit-Limit", shown(self.period)),
            ("X-Rate-Limit-Remaining", self.remaining.to_string()),
            ("X-Rate-Limit-Reset", self.reset.to_string()),
        ]
    }

    /// Returns the answer to a request that is one too many.
    #[must_use]
    pub fn refusal(&self) -> Option<Reply> {
        if !self.exceeded {
            return None;
        }
        let wait = self.wait();
        let message = format!("too many requests came from this address; try again in {wait} s");
        let reply = Reply::problem(&Problem::new(Code::RateLimitExceeded, message));
        Some(reply.header("Retry-After", wait))
    }

    /// Whole seconds to the end of the window, rounded up: whoever waits so long finds a new one.
    fn wait(&self) -> i64 {
        let (end, now) = (self.reset.unix_milliseconds(), self.now.unix_milliseconds());
        let milliseconds = end.saturating_sub(now);
        milliseconds.saturating_add(999).div_euclid(1_000).max(1)
    }
}

fn shown(period: Seconds) -> String {
    let divides = |(_, seconds): &&(&str, i64)| period.0.checked_rem(*seconds) == Some(0);
    let (unit, seconds) = UNITS.iter().find(divides).unwrap_or(&("s", 1));
    format!("{}{unit}", period.0.checked_div(*seconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        requests: Some(Rule {
            allowance: 3,
            period: Seconds(5),
        }),
        wrong_credentials: Some(Rule {
            allowance: 2,
            period: Seconds(60),
        }),
    };

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_unix_milliseconds(1_700_000_000_000_i64.saturating_add(milliseconds))
    }

    fn address(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    fn exceeded(limiter: &mut Limiter, from: &str, actor: Actor, time: i64) -> bool {
        let standing = limiter.count(&LIMITS, address(from), actor, at(time));
        standing.unwrap().refusal().is_some()
    }

    #[test]
    fn one_too_many_is_refused_until_the_window_ends() {
        let mut limiter = Limiter::default();
        for request in 0..3 {
            assert!(!exceeded(
                &mut limiter,
                "192.0.2.1",
                Actor::Anonymous,
                request
            ));
        }
        assert!(exceeded(&mut limiter, "192.0.2.1", Actor::Anonymous, 4_999));
        assert!(!exceeded(
            &mut limiter,
            "192.0.2.2",
            Actor::Anonymous,
            4_999
        ));
        assert!(!exceeded(
            &mut limiter,
            "192.0.2.1",
            Actor::Anonymous,
            5_000
        ));
    }

    #[test]
    fn the_root_has_an_allowance_of_its_own_ten_times_as_large() {
        let mut limiter = Limiter::default();
        for request in 0..30 {
            assert!(!exceeded(&mut limiter, "192.0.2.1", Actor::Root, request));
        }
        assert!(exceeded(&mut limiter, "192.0.2.1", Actor::Root, 31));
        assert!(!exceeded(&mut limiter, "192.0.2.1", Actor::Anonymous, 32));
    }

    #[test]
    fn an_unknown_address_is_not_limited() {
        let mut limiter = Limiter::default();
        for _ in 0..10 {
            let standing = limiter
                .count(&LIMITS, None, Actor::Anonymous, at(0))
                .unwrap();
            assert_eq!((standing.remaining, standing.exceeded), (3, false));
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let mut limiter = Limiter::default();
        for host in 0..3 {
            let from = format!("2001:db8::{host}");
            assert!(!exceeded(&mut limiter, &from, Actor::Anonymous, 0));
        }
        assert!(exceeded(
            &mut limiter,
            "2001:db8::ffff",
            Actor::Anonymous,
            0
        ));
        assert!(!exceeded(
            &mut limiter,
            "2001:db8:0:1::1",
            Actor::Anonymous,
            0
        ));
    }

    #[test]
    fn headers_say_how_long_and_how_many() {
        let mut limiter = Limiter::default();
        let from = address("192.0.2.1");
        let count = |limiter: &mut Limiter| limiter.count(&LIMITS, from, Actor::Anonymous, at(0));
        let standing = count(&mut limiter).unwrap();
        let headers = standing.headers().map(|(_, value)| value);
        assert_eq!(headers, ["5s", "2", "2023-11-14T22:13:25.0000000Z"]);
        for _ in 0..3 {
            count(&mut limiter);
        }
        let late = limiter.count(&LIMITS, from, Actor::Anonymous, at(3_001));
        let refusal = late.unwrap().refusal().unwrap();
        assert_eq!(refusal.status, 429);
        assert_eq!(
            refusal.headers,
            [("Retry-After".to_owned(), "2".to_owned())]
        );
    }

    #[test]
    fn whoever_guesses_is_held_up_where_keys_are_tried_and_nowhere_else() {
        let mut limiter = Limiter::default();
        let guesser = address("192.0.2.1");
        let guess = |limiter: &mut Limiter| limiter.count_wrong(&LIMITS, guesser, at(0));
        assert_eq!((guess(&mut limiter), guess(&mut limiter)), (None, None));
        let held = |operation, from, actor, time| {
            let standing = limiter.held_up(&LIMITS, operation, address(from), actor, at(time));
            standing.is_some_and(|standing| standing.refusal().is_some())
        };
        let (activate, check) = (Operation::CreateActivation, Operation::CheckLicense);
        assert!(held(activate, "192.0.2.1", Actor::Anonymous, 59_999));
        assert!(held(check, "192.0.2.1", Actor::Refused, 1));
        assert!(!held(activate, "192.0.2.1", Actor::Anonymous, 60_000));
        assert!(!held(activate, "192.0.2.1", Actor::Root, 1));
        assert!(!held(activate, "192.0.2.2", Actor::Anonymous, 1));
        for operation in [Operation::SyncActivation, Operation::ListLicenses] {
            assert!(!held(operation, "192.0.2.1", Actor::Anonymous, 1));
        }
    }

    #[test]
    fn a_wrong_token_past_the_limit_is_told_nothing_more() {
        let mut limiter = Limiter::default();
        let mut wrong = || limiter.count_wrong(&LIMITS, address("192.0.2.1"), at(0));
        assert_eq!((wrong(), wrong()), (None, None));
        assert!(wrong().is_some_and(|standing| standing.refusal().is_some()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut counter = Counter::default();
        for number in 0..25_000_u32 {
            counter.add(IpAddr::V4(number.into()), Seconds(5), at(0));
            assert!(counter.0.len() <= REMEMBERED);
        }
    }

    #[test]
    fn rules_are_read_and_written() {
        let rule = |allowance, period| {
            Ok(Some(Rule {
                allowance,
                period: Seconds(period),
            }))
        };
        assert_eq!(Rule::parse("300/5s"), rule(300, 5));
        assert_eq!(Rule::parse(" 20/1m "), rule(20, 60));
        assert_eq!(Rule::parse("off"), Ok(None));
        for text in [
            "", "300", "300/5", "0/5s", "5/0s", "-1/5s", "5/s", "5/2d", "a/5s",
        ] {
            assert_eq!(Rule::parse(text), Err(MalformedRule), "{text}");
        }
        for (period, text) in [
            (5, "5s"),
            (60, "1m"),
            (90, "90s"),
            (7_200, "2h"),
            (86_400, "1d"),
        ] {
            assert_eq!(shown(Seconds(period)), text);
        }
    }
}
