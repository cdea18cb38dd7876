//! Says on standard error what is being done and how long it took: one line when a step begins, one when it was long.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Result;

use crate::clock::{Stopwatch, spoken};

const HEARTBEAT: Duration = Duration::from_secs(30);
const WORTH_SAYING: Duration = Duration::from_secs(1);

/// Runs a step under its name. A long one is heard every half minute, so that nobody thinks it hangs.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("· {name}");
    let watch = Stopwatch::start();
    let result = std::thread::scope(|scope| {
        let (done, waiting) = channel::<()>();
        scope.spawn(move || {
            while waiting.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
                eprintln!("  still at it after {}", spoken(watch.elapsed()));
            }
        });
        let result = work();
        drop(done);
        result
    });
    if result.is_ok() && watch.elapsed() >= WORTH_SAYING {
        eprintln!("  done in {}", spoken(watch.elapsed()));
    }
    result
}
