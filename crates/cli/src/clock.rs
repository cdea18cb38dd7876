//! The clock and the pauses of the command line: the one file that knows the time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use licentia_core::Timestamp;

/// Reads the clock, once a command.
#[expect(clippy::disallowed_methods, reason = "a host reads its clock")]
pub(crate) fn now() -> Timestamp {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_unix_milliseconds(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// Waits, as a server asked for or between two looks at a job.
pub(crate) fn pause(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}
