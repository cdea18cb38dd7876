//! Each string of a pattern once and equally likely, and what is refused.

use super::*;
use licentia_core::Seed;

/// Returns every string of a pattern, in order.
#[track_caller]
fn all(pattern: &str) -> Vec<String> {
    let strings = Strings::of(&read(pattern).unwrap()).unwrap();
    let count = strings.count();
    let mut place = U2048::ZERO;
    let mut found = Vec::new();
    while place < count {
        found.push(strings.at(place));
        place = place.wrapping_add(&U2048::ONE);
    }
    found
}

#[track_caller]
fn check(pattern: &str, strings: &[&str]) {
    assert_eq!(all(pattern), strings);
}

#[track_caller]
fn refused(pattern: &str, part: &str) {
    let problem = KeyPattern::parse(pattern).unwrap_err();
    assert!(problem.message.starts_with("`keyPattern`"));
    assert!(problem.message.contains(part), "{}", problem.message);
}

#[test]
fn every_string_of_a_pattern_is_made_once() {
    check("^a[0-2]$", &["a0", "a1", "a2"]);
    check("(a|bc)-", &["a-", "bc-"]);
    check("x?y{1,2}", &["xy", "xyy", "y", "yy"]);
    check(r"\x41\.", &["A."]);
}

#[test]
fn however_often_a_pattern_spells_a_string_it_counts_once() {
    check("aa|aa|a{2}", &["aa"]);
    check("(a|ab)(c|bc)", &["abbc", "abc", "ac"]);
    check("(a?){3}", &["", "a", "aa", "aaa"]);
}

#[test]
fn alternatives_weigh_as_many_strings_as_they_are() {
    let strings = all("[0-9]{2}|x");
    assert_eq!(strings.len(), 101);
    let unique: BTreeSet<&String> = strings.iter().collect();
    assert_eq!(unique.len(), 101);
}

/// Each of twelve strings is drawn about a thousand times; four standard deviations are 121.
#[test]
fn each_string_is_as_likely_as_the_others() {
    let strings = Strings::of(&read("[a-c]{2}|[x-z]").unwrap()).unwrap();
    let mut draw = Draw::new(Seed([6; 32]));
    let mut counts = BTreeMap::<String, u32>::new();
    for _ in 0..12_000 {
        let place = below(&strings.count(), &mut draw);
        *counts.entry(strings.at(place)).or_default() += 1;
    }
    assert_eq!(counts.len(), 12);
    assert!(
        counts.values().all(|count| (879..=1_121).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn the_default_pattern_makes_keys_of_the_standard_form() {
    let pattern = KeyPattern::parse(DEFAULT_KEY_PATTERN).unwrap();
    assert_eq!(pattern.strings.count().bits(), 145);
    let mut draw = Draw::new(Seed([7; 32]));
    let key = pattern.draw(&mut draw).unwrap();
    let groups: Vec<&str> = key.as_str().split('-').collect();
    assert_eq!(groups.len(), 6);
    for group in groups {
        let hexadecimal = |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c);
        assert!(
            group.len() == 6 && group.chars().all(hexadecimal),
            "{group}"
        );
    }
    assert_ne!(pattern.draw(&mut draw), Some(key));
}

#[test]
fn the_longest_keys_can_be_counted() {
    let pattern = KeyPattern::parse("[!-~]{256}").unwrap();
    assert_eq!(pattern.strings.count().bits(), 1_678);
    let key = pattern.draw(&mut Draw::new(Seed([8; 32]))).unwrap();
    assert_eq!(key.as_str().len(), 256);
}

#[test]
fn what_makes_no_good_key_is_refused() {
    refused("[A-F0-9]{15}", "makes 15 to 15");
    refused("[A-F0-9]{16,257}", "makes 16 to 257");
    refused("[A-F0-9]{40,}", "without an end");
    refused("[0-9]{19}", "leaves 63 bits");
    refused("(aa|aa){64}", "leaves 0 bits");
    refused("[a-z ]{32}", "spaces");
    refused(".{32}", "printable ASCII");
    refused("ä{32}", "printable ASCII");
    refused("[a-z]{16}^[a-z]{16}", "anchors");
    refused(r"\b[a-z]{32}", "anchors");
    refused("(?=a)[a-z]{32}", "look-around");
    refused("[a-z", "unclosed");
}

#[test]
fn a_pattern_cannot_cause_endless_work() {
    refused("([a-z]?){200}[a-z]{16}", "too complex");
    refused("(([a-z]{0,9}){0,9}){0,2}[a-z]{90}", "too complex");
}

/// Counting them would exhaust the stack.
#[test]
fn strings_that_are_far_too_long_are_refused_and_not_counted() {
    refused("(((((a|b){9}){9}){9}){9}){9}", "it makes 59049 to 59049");
    refused("(ab|c){1,50000}", "it makes 1 to 100000");
}
