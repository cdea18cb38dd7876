//! Adds up what the test runners say of themselves: the closing lines of `cargo test` and of `node --test`.

use std::fmt;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl Tally {
    /// Reads a line of a runner; one that is no closing line changes nothing.
    pub(crate) fn hear(&mut self, line: &str) {
        let line = line.trim();
        if let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        {
            for count in counts.split(';') {
                self.hear_cargo(count.trim());
            }
        } else if let Some(count) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) {
            self.hear_node(count);
        }
    }

    /// `3 passed`, `0 failed`, `1 ignored`
    fn hear_cargo(&mut self, count: &str) {
        let Some((number, what)) = count.split_once(' ') else {
            return;
        };
        match what {
            "passed" => add(&mut self.passed, number),
            "failed" => add(&mut self.failed, number),
            "ignored" => add(&mut self.skipped, number),
            _ => {}
        }
    }

    /// `pass 3`, `fail 0`, `cancelled 0`, `skipped 0`, `todo 0`
    fn hear_node(&mut self, count: &str) {
        let Some((what, number)) = count.split_once(' ') else {
            return;
        };
        match what {
            "pass" => add(&mut self.passed, number),
            "fail" | "cancelled" => add(&mut self.failed, number),
            "skipped" | "todo" => add(&mut self.skipped, number),
            _ => {}
        }
    }

    pub(crate) fn sum(self, other: Self) -> Self {
        Self {
            passed: self.passed.saturating_add(other.passed),
            failed: self.failed.saturating_add(other.failed),
            skipped: self.skipped.saturating_add(other.skipped),
        }
    }

    /// Whether any test ran to its end.
    pub(crate) fn ran(self) -> bool {
        self.passed > 0 || self.failed > 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(out, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

fn add(sum: &mut u32, number: &str) {
    if let Ok(number) = number.trim().parse::<u32>() {
        *sum = sum.saturating_add(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &str, expected: &str) {
        let mut tally = Tally::default();
        lines.lines().for_each(|line| tally.hear(line));
        assert_eq!(tally.to_string(), expected);
    }

    #[test]
    fn cargo_closes_once_a_binary() {
        check(
            "running 2 tests\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             test result: FAILED. 1 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "3 passed, 3 failed, 1 skipped",
        );
    }

    #[test]
    fn node_closes_once_a_run_and_a_cancelled_test_has_failed() {
        check(
            "ℹ tests 5\nℹ suites 1\nℹ pass 3\nℹ fail 1\nℹ cancelled 1\nℹ skipped 0\nℹ todo 0\nℹ duration_ms 12.3",
            "3 passed, 2 failed",
        );
        check("# pass 2\n# fail 0", "2 passed, 0 failed");
    }

    #[test]
    fn a_test_that_prints_such_words_counts_nothing() {
        check(
            "it says 3 passed; 1 failed\npass 4\nℹ passed 9",
            "0 passed, 0 failed",
        );
    }
}
