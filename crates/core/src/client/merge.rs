//! Merging what several clients of one storage have changed since they read it: none undoes what another has written.
//!
//! Each part is as the one left it who changed it. Where both did, an end of the activation outweighs its renewal, and of two
//! tokens the later word counts.

use super::stored::Ended;
use super::{Client, Stored};

impl Client {
    /// Returns the text to store, where `mine` was made of `base` and `theirs` is what is stored by now.
    #[must_use]
    pub fn merged(&self, base: &str, mine: &str, theirs: &str) -> String {
        let [base, mine, theirs] = [base, mine, theirs].map(|text| self.read(text));
        self.write(&merged(&base, &mine, &theirs))
    }
}

fn merged(base: &Stored, mine: &Stored, theirs: &Stored) -> Stored {
    let counts = counts(base, mine, theirs);
    let activation = if counts { mine } else { theirs };
    let trial = if mine.trial == base.trial {
        theirs
    } else {
        mine
    };
    // What a new token sets back stays so, if nobody else has seen a time meanwhile.
    let heals = counts && theirs.seen == base.seen || !theirs.seen.whole;
    let is_later = mine.seen.value > theirs.seen.value;
    let seen = if mine.seen != base.seen && (heals || is_later) {
        mine
    } else {
        theirs
    };
    Stored {
        seen: seen.seen.clone(),
        trial: trial.trial.clone(),
        ended: last_ended(base, mine, theirs).ended.clone(),
        word: later(mine, theirs, word_version).word.clone(),
        listed: later(mine, theirs, listed_at).listed.clone(),
        more: theirs.more.clone(),
        ..activation.clone()
    }
}

/// Whether mine says what has become of the activation.
fn counts(base: &Stored, mine: &Stored, theirs: &Stored) -> bool {
    let is_base = |stored: &Stored| (&stored.token, &stored.key) == (&base.token, &base.key);
    if is_base(mine) || is_base(theirs) {
        return !is_base(mine);
    }
    match (mine.token(), theirs.token()) {
        (Some(_), None) if activation(mine) == activation(base) => false,
        (Some(token), _) => !theirs.has_ended(token) && !theirs.outranks(token),
        (None, Some(token)) => activation(theirs) == activation(base) || mine.has_ended(token),
        (None, None) => true,
    }
}

fn activation(stored: &Stored) -> Option<&str> {
    stored
        .verified
        .as_ref()
        .map(|token| token.facts().aid.as_str())
}

/// Of two that hold the same kind of word, the one whose word is later.
fn later<'a, T: PartialOrd>(
    mine: &'a Stored,
    theirs: &'a Stored,
    when: impl Fn(&Stored) -> Option<T>,
) -> &'a Stored {
    if when(mine) > when(theirs) {
        mine
    } else {
        theirs
    }
}

fn word_version(stored: &Stored) -> Option<i64> {
    stored.word.value.as_ref().map(|word| word.ver)
}

fn listed_at(stored: &Stored) -> Option<(i64, i64)> {
    let listed = stored.listed.value.as_ref()?;
    Some((listed.iat, listed.ver))
}

fn last_ended<'a>(base: &Stored, mine: &'a Stored, theirs: &'a Stored) -> &'a Stored {
    let [my_end, their_end] = [mine, theirs].map(|stored| stored.ended.value.as_ref());
    let of_one_license = my_end.map(|ended| &ended.lid) == their_end.map(|ended| &ended.lid);
    let at = |ended: Option<&Ended>| {
        ended.map(|ended| (if of_one_license { ended.epoch } else { 0 }, ended.iat))
    };
    if mine.ended != base.ended && at(my_end) >= at(their_end) {
        mine
    } else {
        theirs
    }
}
