//! How often sequences are drawn, and from which seed: the same ones each time, so that a run can be repeated.
//!
//! `PROPTEST_RNG_SEED` and `PROPTEST_CASES` draw others, and more of them.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

pub fn runs(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let rng_seed = match default.rng_seed {
        RngSeed::Random => RngSeed::Fixed(7),
        fixed @ RngSeed::Fixed(_) => fixed,
    };
    ProptestConfig {
        cases: default.cases.max(cases),
        rng_seed,
        failure_persistence: None,
        ..default
    }
}
