//! Meter attributes: what a license lets applications count, and how uses add up.
//!
//! Uses are counted twice: in the activation that made them, and in the license's total. A reset sets the total to zero
//! and begins a new count, by number: uses of an earlier count are nobody's, so no activation need be rewritten.
//! Every sum is checked, and a refusal changes nothing.

use std::collections::BTreeMap;

use crate::code::Problem;
use crate::id::MeterId;
use crate::license::Refusal;
use crate::limits::{fits, within};
use crate::metadata::seen_by_activations;
use crate::time::Timestamp;

const NAME_LIMIT: usize = 256;
const METER_LIMIT: usize = 50;
const MOST_ALLOWED: i64 = 2_147_483_647;
/// The largest whole number that JavaScript holds exactly.
const MOST_USES: i64 = 9_007_199_254_740_991;

/// A meter attribute of a license: its definition, not what was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    /// Its id.
    pub id: MeterId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Its name; names are the same in any case.
    pub name: String,
    /// How many uses are allowed; -1 is unlimited.
    pub allowed_uses: i64,
    /// Whether an activation's uses are given back when it ends.
    pub floating: bool,
    /// Who sees it: `activation`, `user`, `organization`, `reseller`.
    pub view_permissions: Vec<String>,
    /// How often it was reset: the number of the count that is under way.
    pub resets: u32,
}

/// What was counted of a meter in all; never published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeterTotals {
    /// How many uses stand now.
    pub total_uses: i64,
    /// How many uses there ever were.
    pub gross_uses: i64,
}

/// What an activation has counted of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeterUse {
    /// The meter.
    pub meter: MeterId,
    /// How many uses stand now.
    pub uses: i64,
    /// The count that they belong to.
    pub resets: u32,
}

/// What a request asks of a meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedUses {
    /// The meter.
    pub meter: MeterName,
    /// What is to become of the activation's uses.
    pub change: UsesChange,
}

/// How a request names a meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeterName {
    /// By its id.
    Id(MeterId),
    /// By its name, in any case.
    Name(String),
}

/// What is to become of an activation's uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsesChange {
    /// They grow by this much; a negative number gives back, at most what the activation has.
    By(i64),
    /// They become this many, as clients of 2019 say it.
    To(i64),
}

/// The uses of one activation and the totals of its license, as a decision leaves them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The activation's uses.
    pub uses: Vec<MeterUse>,
    /// The license's totals.
    pub totals: BTreeMap<MeterId, MeterTotals>,
}

impl Meter {
    /// Checks the meters of a license: lengths, numbers, and that no name stands twice in whatever case.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(meters: &[Self]) -> Result<(), Problem> {
        if meters.len() > METER_LIMIT {
            let reason = format!("it has more than {METER_LIMIT} entries");
            return Err(Problem::field("meterAttributes", reason));
        }
        for (position, meter) in meters.iter().enumerate() {
            let field = |part: &str| format!("meterAttributes[{position}].{part}");
            let name = |reason: String| Problem::field(&field("name"), reason);
            fits(&meter.name, NAME_LIMIT).map_err(name)?;
            if meter.name.is_empty() {
                return Err(name("it is empty".to_owned()));
            }
            let mut earlier = meters.iter().take(position);
            if earlier.any(|earlier| earlier.is_named(&meter.name)) {
                return Err(name("an earlier entry has the same name".to_owned()));
            }
            within(&field("allowedUses"), meter.allowed_uses, -1, MOST_ALLOWED)?;
        }
        Ok(())
    }

    /// Says whether this is its name, in whatever case.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Says whether an application sees it.
    #[must_use]
    pub fn is_seen_by_activations(&self) -> bool {
        seen_by_activations(&self.view_permissions)
    }

    /// Returns what an activation has counted of it. Uses of an earlier count are none.
    #[must_use]
    pub fn uses_in(&self, uses: &[MeterUse]) -> i64 {
        let current = uses
            .iter()
            .find(|counted| counted.meter == self.id && counted.resets == self.resets);
        current.map_or(0, |counted| counted.uses)
    }

    /// Decides what becomes of an activation's `uses` and of the totals. What is given back is at most what the
    /// activation has; only what is added grows the gross uses.
    ///
    /// # Errors
    /// Refuses more than is allowed in all, and what no client could hold.
    pub fn count(
        &self,
        totals: MeterTotals,
        uses: i64,
        change: UsesChange,
    ) -> Result<(i64, MeterTotals), Refusal> {
        let after = match change {
            UsesChange::By(delta) => uses.saturating_add(delta),
            UsesChange::To(count) => count,
        };
        let after = after.max(0);
        let delta = after.saturating_sub(uses);
        let total = totals.total_uses.saturating_add(delta).max(0);
        if delta > 0 && total > self.most_uses() {
            return Err(Refusal::MeterLimitReached {
                name: self.name.clone(),
                limit: self.most_uses(),
            });
        }
        let gross = totals.gross_uses.saturating_add(delta.max(0));
        let totals = MeterTotals {
            total_uses: total,
            gross_uses: gross.min(MOST_USES),
        };
        Ok((after, totals))
    }

    fn most_uses(&self) -> i64 {
        if self.allowed_uses < 0 {
            MOST_USES
        } else {
            self.allowed_uses
        }
    }

    /// Returns `asked` with the ids, dates and counts of those meters that `known` has by name: a list that is sent whole
    /// must not begin to count anew. A meter that says what is so already keeps its date of change, another moves it to `now`.
    #[must_use]
    pub(crate) fn dated(asked: &[Self], known: &[Self], now: Timestamp) -> Vec<Self> {
        let dated = |meter: &Self| match known.iter().find(|known| known.is_named(&meter.name)) {
            None => meter.clone(),
            Some(known) => {
                let same = Self {
                    id: known.id,
                    created_at: known.created_at,
                    updated_at: known.updated_at,
                    resets: known.resets,
                    ..meter.clone()
                };
                if same == *known {
                    same
                } else {
                    Self {
                        updated_at: now,
                        ..same
                    }
                }
            }
        };
        asked.iter().map(dated).collect()
    }
}

impl Tally {
    /// Decides what becomes of it when a machine asks for uses; it is as it was before.
    ///
    /// # Errors
    /// Refuses a meter that the license lacks and uses over a limit; then nothing of what was asked is done.
    pub(crate) fn count(mut self, meters: &[Meter], asked: &[AskedUses]) -> Result<Self, Refusal> {
        for AskedUses { meter, change } in asked {
            let meter = meter.find(meters)?;
            let totals = self.totals.get(&meter.id).copied().unwrap_or_default();
            let (uses, totals) = meter.count(totals, meter.uses_in(&self.uses), *change)?;
            self.totals.insert(meter.id, totals);
            self.uses.retain(|counted| counted.meter != meter.id);
            self.uses.push(MeterUse {
                meter: meter.id,
                uses,
                resets: meter.resets,
            });
        }
        Ok(self)
    }

    /// Returns what is left when the activation ends: uses of floating meters are given back, others stay counted.
    #[must_use]
    pub(crate) fn ended(mut self, meters: &[Meter]) -> Self {
        for meter in meters.iter().filter(|meter| meter.floating) {
            if let Some(totals) = self.totals.get_mut(&meter.id) {
                let left = totals.total_uses.saturating_sub(meter.uses_in(&self.uses));
                totals.total_uses = left.max(0);
            }
        }
        self.uses.clear();
        self
    }
}

impl MeterName {
    fn find<'a>(&self, meters: &'a [Meter]) -> Result<&'a Meter, Refusal> {
        match self {
            Self::Id(id) => meters
                .iter()
                .find(|meter| meter.id == *id)
                .ok_or(Refusal::MeterNotFound),
            Self::Name(name) => meters
                .iter()
                .find(|meter| meter.is_named(name))
                .ok_or_else(|| Refusal::UnknownMeter {
                    name: name.chars().take(64).collect(),
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Draw, Seed};

    fn meter(allowed_uses: i64) -> Meter {
        let now = Timestamp::from_unix_seconds(0);
        Meter {
            id: Draw::new(Seed([9; 32])).id(),
            created_at: now,
            updated_at: now,
            name: "exports".into(),
            allowed_uses,
            floating: true,
            view_permissions: vec!["activation".into()],
            resets: 0,
        }
    }

    fn asked(change: UsesChange) -> [AskedUses; 1] {
        [AskedUses {
            meter: MeterName::Name("EXPORTS".into()),
            change,
        }]
    }

    #[track_caller]
    fn check(total: (i64, i64), uses: i64, change: UsesChange, after: Option<(i64, i64, i64)>) {
        let totals = MeterTotals {
            total_uses: total.0,
            gross_uses: total.1,
        };
        let counted = meter(10).count(totals, uses, change).ok();
        let counted = counted.map(|(uses, totals)| (uses, totals.total_uses, totals.gross_uses));
        assert_eq!(counted, after);
    }

    #[test]
    fn uses_are_counted_up_to_the_limit() {
        check((9, 20), 3, UsesChange::By(1), Some((4, 10, 21)));
        check((9, 20), 3, UsesChange::By(2), None);
        check((0, 0), 0, UsesChange::By(i64::MAX), None);
        check((9, 20), 3, UsesChange::To(4), Some((4, 10, 21)));
        check((9, 20), 3, UsesChange::To(5), None);
    }

    #[test]
    fn what_is_given_back_is_at_most_what_the_activation_has() {
        check((9, 20), 3, UsesChange::By(-2), Some((1, 7, 20)));
        check((9, 20), 3, UsesChange::By(-5), Some((0, 6, 20)));
        check((9, 20), 3, UsesChange::By(i64::MIN), Some((0, 6, 20)));
        check((9, 20), 3, UsesChange::To(-1), Some((0, 6, 20)));
    }

    #[test]
    fn a_limit_that_was_lowered_keeps_nobody_from_giving_back() {
        check((15, 20), 5, UsesChange::By(-1), Some((4, 14, 20)));
        check((15, 20), 5, UsesChange::By(0), Some((5, 15, 20)));
        check((15, 20), 5, UsesChange::By(1), None);
    }

    #[test]
    fn an_unlimited_meter_stops_where_numbers_are_no_longer_exact() {
        let totals = MeterTotals::default();
        let counted = meter(-1).count(totals, 0, UsesChange::By(MOST_USES));
        assert!(counted.is_ok());
        assert!(
            meter(-1)
                .count(totals, 0, UsesChange::To(i64::MAX))
                .is_err()
        );
    }

    #[test]
    fn a_refusal_undoes_what_was_asked_before_it() {
        let meters = [meter(10)];
        let both = [asked(UsesChange::By(5)), asked(UsesChange::By(6))].concat();
        assert!(Tally::default().count(&meters, &both).is_err());
        let unknown = [AskedUses {
            meter: MeterName::Name("imports".into()),
            change: UsesChange::By(1),
        }];
        assert!(Tally::default().count(&meters, &unknown).is_err());
    }

    #[test]
    fn uses_of_an_earlier_count_are_nobodys() {
        let mut meter = meter(10);
        let tally = Tally::default()
            .count(std::slice::from_ref(&meter), &asked(UsesChange::By(4)))
            .unwrap();
        meter.resets += 1;
        assert_eq!(meter.uses_in(&tally.uses), 0);
        let mut reset = tally;
        reset
            .totals
            .values_mut()
            .for_each(|totals| totals.total_uses = 0);
        let meters = [meter];
        let again = reset.count(&meters, &asked(UsesChange::By(1))).unwrap();
        let totals = again.totals[&meters[0].id];
        assert_eq!((totals.total_uses, totals.gross_uses), (1, 5));
        assert_eq!(meters[0].uses_in(&again.uses), 1);
    }

    #[test]
    fn a_list_that_is_sent_whole_keeps_what_was_counted() {
        let known = Meter {
            resets: 3,
            ..meter(10)
        };
        let sent = Meter {
            id: Draw::new(Seed([1; 32])).id(),
            name: "Exports".into(),
            ..meter(20)
        };
        let now = Timestamp::from_unix_seconds(9);
        let dated = Meter::dated(&[sent], std::slice::from_ref(&known), now);
        assert_eq!((dated[0].id, dated[0].resets), (known.id, 3));
        assert_eq!((dated[0].allowed_uses, dated[0].updated_at), (20, now));
        let same = Meter::dated(&[meter(10)], std::slice::from_ref(&known), now);
        assert_eq!(same, [known]);
    }

    /// Five machines count at random, give back, end and begin anew, with a reset now and then.
    #[test]
    fn the_total_of_a_floating_meter_is_the_sum_over_its_activations() {
        let mut draw = Draw::new(Seed([4; 32]));
        let mut meters = [meter(40)];
        let mut machines: Vec<Vec<MeterUse>> = vec![Vec::new(); 5];
        let mut totals = BTreeMap::new();
        for _ in 0..2_000 {
            let machine = usize::try_from(draw.below(5)).unwrap();
            let tally = Tally {
                uses: machines[machine].clone(),
                totals: totals.clone(),
            };
            let amount = i64::from(draw.below(30)) - 12;
            let done = match draw.below(12) {
                0 => Ok(tally.ended(&meters)),
                1 => tally.count(&meters, &asked(UsesChange::To(amount))),
                2 => {
                    meters[0].resets += 1;
                    totals
                        .values_mut()
                        .for_each(|totals: &mut MeterTotals| totals.total_uses = 0);
                    continue;
                }
                _ => tally.count(&meters, &asked(UsesChange::By(amount))),
            };
            if let Ok(done) = done {
                machines[machine] = done.uses;
                totals = done.totals;
            }
            let sum: i64 = machines.iter().map(|uses| meters[0].uses_in(uses)).sum();
            let total = totals.get(&meters[0].id).copied().unwrap_or_default();
            assert_eq!(total.total_uses, sum);
            assert!(sum <= 40 && total.gross_uses >= sum);
        }
    }
}
