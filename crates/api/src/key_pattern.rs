//! Key patterns: the form of a template's license keys, as a regular expression of finitely many strings.
//!
//! A key is the string at a drawn place among all strings of the pattern, so each is exactly as likely as the others,
//! however the pattern spells them. Strings are counted in the deterministic automaton, where none stands twice.
//! This is here and not in `core`, so that the client's package does not carry a parser of regular expressions.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crypto_bigint::U2048;
use licentia_core::{Draw, LicenseKey, Problem};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// What a template has that names no pattern.
pub const DEFAULT_KEY_PATTERN: &str = "^([A-F0-9]{6}-){5}[A-F0-9]{6}$";

const SHORTEST: usize = 16;
const LONGEST: usize = 256;
const LONGEST_PATTERN: usize = 1_024;
/// What an attacker who guesses all day cannot reach.
const FEWEST_BITS: u32 = 64;
const FIRST: u8 = b'!';
const LAST: u8 = b'~';
/// Bounds the work that one pattern may cause: any useful one takes a hundredth.
const MOST_STEPS: usize = 1_000_000;
const TOO_COMPLEX: &str = "it is too complex";

/// A pattern that makes keys.
#[derive(Debug)]
pub struct KeyPattern {
    strings: Strings,
}

impl KeyPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Says what is wrong with `keyPattern`.
    pub fn parse(pattern: &str) -> Result<Self, Problem> {
        let field = |reason: String| Problem::field("keyPattern", reason);
        let hir = read(pattern).map_err(field)?;
        refuse_lengths(&hir).map_err(field)?;
        let strings = Strings::of(&hir).map_err(field)?;
        let bits = strings.count().bits().saturating_sub(1);
        if bits < FEWEST_BITS {
            let reason = format!(
                "it leaves {bits} bits to chance, and keys can be guessed under {FEWEST_BITS}"
            );
            return Err(field(reason));
        }
        Ok(Self { strings })
    }

    /// Draws a key. `None` cannot be: every string of a pattern that was read can be a key.
    #[must_use]
    pub fn draw(&self, draw: &mut Draw) -> Option<LicenseKey> {
        let place = below(&self.strings.count(), draw);
        self.strings.at(place).parse().ok()
    }
}

/// Returns a number below `limit`, each exactly as likely as the others: numbers of as many bits are drawn until one is.
fn below(limit: &U2048, draw: &mut Draw) -> U2048 {
    let excess = U2048::BITS.saturating_sub(limit.bits());
    loop {
        let bytes: Vec<u8> = std::iter::repeat_with(|| draw.bytes())
            .take(8)
            .flatten()
            .collect();
        let number = U2048::from_be_slice(&bytes).wrapping_shr(excess);
        if number < *limit {
            return number;
        }
    }
}

/// A place in the expression: what may stand there, and what comes next.
#[derive(Debug)]
enum Node {
    Byte(Vec<(u8, u8)>, usize),
    Either(usize, usize),
    End,
}

/// The nodes at which a reader may be: a state of the deterministic automaton.
type State = BTreeSet<usize>;

/// A run of neighbouring bytes that lead to one state.
#[derive(Debug)]
struct Step {
    first: u8,
    count: u8,
    to: State,
}

/// The strings of an expression.
#[derive(Debug)]
struct Strings {
    start: State,
    /// How many strings each state begins, and by which steps.
    states: BTreeMap<State, (U2048, Vec<Step>)>,
}

impl Strings {
    /// Counts the strings of an expression.
    fn of(hir: &Hir) -> Result<Self, String> {
        let mut builder = Builder {
            nodes: vec![Node::End],
            steps: 0,
        };
        let mut at = 0;
        for part in without_anchors(hir).iter().rev() {
            at = builder.add(part, at)?;
        }
        let mut strings = Self {
            start: builder.closure([at])?,
            states: BTreeMap::new(),
        };
        strings.count_from(&strings.start.clone(), &mut builder)?;
        Ok(strings)
    }

    fn count(&self) -> U2048 {
        self.count_of(&self.start)
    }

    fn count_of(&self, state: &State) -> U2048 {
        self.states
            .get(state)
            .map_or(U2048::ZERO, |(count, _)| *count)
    }

    /// Counts the strings that begin at `state`. A step reads a byte, so no way is longer than the longest string.
    fn count_from(&mut self, state: &State, builder: &mut Builder) -> Result<(), String> {
        if self.states.contains_key(state) {
            return Ok(());
        }
        let steps = builder.steps_from(state)?;
        let mut count = U2048::from(u8::from(builder.ends(state)));
        for step in &steps {
            self.count_from(&step.to, builder)?;
            let strings = self.count_of(&step.to);
            count = count.wrapping_add(&strings.wrapping_mul(&U2048::from(step.count)));
        }
        self.states.insert(state.clone(), (count, steps));
        Ok(())
    }

    /// Returns the string at a place in order: what ends comes before what goes on, then byte by byte.
    fn at(&self, mut place: U2048) -> String {
        let mut text = String::new();
        let mut state = &self.start;
        while let Some((count, steps)) = self.states.get(state) {
            let going_on = steps.iter().fold(U2048::ZERO, |sum, step| {
                let strings = self.count_of(&step.to);
                sum.wrapping_add(&strings.wrapping_mul(&U2048::from(step.count)))
            });
            if going_on < *count {
                if place == U2048::ZERO {
                    break;
                }
                place = place.wrapping_sub(&U2048::ONE);
            }
            let Some((byte, to)) = self.step_at(steps, &mut place) else {
                break;
            };
            text.push(char::from(byte));
            state = to;
        }
        text
    }

    /// Finds the byte under which a place lies, and makes the place one among the strings that follow that byte.
    fn step_at<'a>(&self, steps: &'a [Step], place: &mut U2048) -> Option<(u8, &'a State)> {
        for step in steps {
            let strings = self.count_of(&step.to);
            for offset in 0..step.count {
                if *place < strings {
                    return Some((step.first.saturating_add(offset), &step.to));
                }
                *place = place.wrapping_sub(&strings);
            }
        }
        None
    }
}

/// The nodes of an expression, and how much work has been done on it.
#[derive(Debug)]
struct Builder {
    nodes: Vec<Node>,
    steps: usize,
}

impl Builder {
    /// Adds what an expression may be, before the node `next`; returns the node at which it begins.
    fn add(&mut self, hir: &Hir, next: usize) -> Result<usize, String> {
        self.work(1)?;
        match hir.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(literal) => {
                let bytes = literal.0.iter().rev();
                bytes
                    .copied()
                    .try_fold(next, |next, byte| self.byte(vec![(byte, byte)], next))
            }
            HirKind::Class(class) => self.byte(ranges(class)?, next),
            HirKind::Capture(capture) => self.add(&capture.sub, next),
            HirKind::Concat(parts) => parts
                .iter()
                .rev()
                .try_fold(next, |next, part| self.add(part, next)),
            HirKind::Alternation(parts) => {
                let (last, others) = parts.split_last().ok_or("it is empty")?;
                let mut at = self.add(last, next)?;
                for part in others.iter().rev() {
                    let one = self.add(part, next)?;
                    at = self.node(Node::Either(one, at));
                }
                Ok(at)
            }
            HirKind::Repetition(repetition) => {
                let most = repetition.max.ok_or("it repeats without an end")?;
                let mut at = next;
                for _ in repetition.min..most {
                    let once_more = self.add(&repetition.sub, at)?;
                    at = self.node(Node::Either(once_more, next));
                }
                (0..repetition.min).try_fold(at, |at, _| self.add(&repetition.sub, at))
            }
            HirKind::Look(_) => {
                Err("anchors may stand at its two ends only, and it cannot look around".to_owned())
            }
        }
    }

    fn byte(&mut self, ranges: Vec<(u8, u8)>, next: usize) -> Result<usize, String> {
        let printable = ranges
            .iter()
            .all(|(first, last)| *first >= FIRST && *last <= LAST);
        if !printable {
            return Err(
                "it makes characters other than printable ASCII, or spaces; name those that keys have"
                    .to_owned(),
            );
        }
        self.work(1)?;
        Ok(self.node(Node::Byte(ranges, next)))
    }

    fn node(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len().saturating_sub(1)
    }

    /// Returns the nodes that can be reached without reading a byte.
    fn closure(&mut self, from: impl IntoIterator<Item = usize>) -> Result<State, String> {
        let mut open: Vec<usize> = from.into_iter().collect();
        let mut seen = State::new();
        while let Some(node) = open.pop() {
            self.work(1)?;
            if !seen.insert(node) {
                continue;
            }
            if let Some(Node::Either(one, other)) = self.nodes.get(node) {
                open.extend([*one, *other]);
            }
        }
        let nodes = &self.nodes;
        seen.retain(|node| !matches!(nodes.get(*node), Some(Node::Either(..))));
        Ok(seen)
    }

    fn ends(&self, state: &State) -> bool {
        state
            .iter()
            .any(|node| matches!(self.nodes.get(*node), Some(Node::End)))
    }

    fn steps_from(&mut self, state: &State) -> Result<Vec<Step>, String> {
        let mut steps: Vec<Step> = Vec::new();
        let mut former: Vec<usize> = Vec::new();
        for byte in FIRST..=LAST {
            self.work(state.len())?;
            let reads = |node: &usize| match self.nodes.get(*node) {
                Some(Node::Byte(ranges, next)) => {
                    let within = |(first, last): &(u8, u8)| (*first..=*last).contains(&byte);
                    ranges.iter().any(within).then_some(*next)
                }
                _ => None,
            };
            let targets: Vec<usize> = state.iter().filter_map(reads).collect();
            let same = targets == former;
            match steps.last_mut() {
                Some(step) if same && !targets.is_empty() => {
                    step.count = step.count.saturating_add(1);
                }
                _ if targets.is_empty() => {}
                _ => steps.push(Step {
                    first: byte,
                    count: 1,
                    to: self.closure(targets.iter().copied())?,
                }),
            }
            former = targets;
        }
        Ok(steps)
    }

    fn work(&mut self, steps: usize) -> Result<(), String> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MOST_STEPS {
            return Err(TOO_COMPLEX.to_owned());
        }
        Ok(())
    }
}

/// Returns the parts of an expression without the anchors at its ends, which every key meets.
fn without_anchors(hir: &Hir) -> &[Hir] {
    let mut parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    if let [first, rest @ ..] = parts
        && matches!(first.kind(), HirKind::Look(Look::Start))
    {
        parts = rest;
    }
    if let [rest @ .., last] = parts
        && matches!(last.kind(), HirKind::Look(Look::End))
    {
        parts = rest;
    }
    parts
}

fn read(pattern: &str) -> Result<Hir, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("it has more than {LONGEST_PATTERN} characters"));
    }
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
    parser.parse(pattern).map_err(|fault| reason(&fault))
}

/// Refuses what makes too short or too long strings, before any is counted: counting goes as deep as they are long.
fn refuse_lengths(hir: &Hir) -> Result<(), String> {
    let properties = hir.properties();
    match (properties.minimum_len(), properties.maximum_len()) {
        (Some(least), Some(most)) if least < SHORTEST || most > LONGEST => Err(format!(
            "keys have {SHORTEST} to {LONGEST} characters, and it makes {least} to {most}"
        )),
        (Some(_), Some(_)) => Ok(()),
        (Some(_), None) => Err("it repeats without an end".to_owned()),
        (None, _) => Err("it makes no string".to_owned()),
    }
}

fn ranges(class: &Class) -> Result<Vec<(u8, u8)>, String> {
    let bytes = match class {
        Class::Bytes(class) => Some(class.clone()),
        Class::Unicode(class) => class.to_byte_class(),
    };
    let bytes = bytes.ok_or("it makes characters other than ASCII")?;
    Ok(bytes
        .iter()
        .map(|range| (range.start(), range.end()))
        .collect())
}

/// Returns the parser's words in one line, without the pattern.
fn reason(fault: &regex_syntax::Error) -> String {
    match fault {
        regex_syntax::Error::Parse(fault) => fault.kind().to_string(),
        regex_syntax::Error::Translate(fault) => fault.kind().to_string(),
        _ => "it is no regular expression".to_owned(),
    }
}
